// What is wrong with a key file, as the end of a sentence that begins with its name. Never says anything of its
// contents.

export class KeyProblem extends Error {
  override readonly name = 'KeyProblem';
}

export function passphraseProblem(): KeyProblem {
  return new KeyProblem('has a passphrase: give it to an agent with ssh-add, and the agent to the build');
}
