// The commands of a RUN, as far as rules look: words, split where a shell would begin another command. No shell is
// parsed; what hides in quotes or behind `$(…)` is not seen, which costs a warning and never makes one up.

import type {RunInstruction} from '../dockerfile/ast.ts';

/** Words of one command: `apt-get`, `install`, `-y` …. Assignments and `sudo` in front are left out. */
export type Command = readonly string[];

const separators = /&&|\|\||[;|\n]/;

/** Several rules ask, a cached build waits. */
const known = new WeakMap<RunInstruction, readonly Command[]>();

export function commandsOf(instruction: RunInstruction): readonly Command[] {
  let commands = known.get(instruction);
  if (commands === undefined) {
    commands = readCommands(instruction);
    known.set(instruction, commands);
  }
  return commands;
}

/** What a shell reads; undefined when none does. */
export function scriptOf({command, heredocs}: RunInstruction): string | undefined {
  if (command.json) {
    const [program = '', flag = '', script = ''] = command.args;
    const isShell = /(?:^|\/)(?:ba|da|a|z)?sh$/.test(program) && /^-[a-z]*c$/.test(flag);
    return isShell ? script : undefined;
  }
  return [command.args.join(' '), ...heredocs.map(({content}) => content)].join('\n');
}

function readCommands(instruction: RunInstruction): readonly Command[] {
  const script = scriptOf(instruction);
  return script === undefined ? [instruction.command.args] : splitScript(script);
}

function splitScript(script: string): readonly Command[] {
  return script
    .split(separators)
    .map((text) => withoutPrefix(text.split(/\s+/).filter((word) => word !== '')))
    .filter((words) => words.length > 0);
}

function withoutPrefix(words: readonly string[]): Command {
  const first = words.findIndex(
    (word) => !/^(?:[A-Za-z_]\w*=.*|sudo|exec|time|\(|\{|set|-[a-z]+)$/.test(word),
  );
  return first < 0 ? [] : words.slice(first);
}
