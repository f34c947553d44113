// What is wrong with the bytes of a tar, before it is known whose tar it is and where in it that was.

export class TarProblem extends Error {
  override readonly name = 'TarProblem';
}
