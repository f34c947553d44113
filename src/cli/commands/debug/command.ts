// `tsbuild debug`: doors to the inside, whose arguments are not flags of the command line.

import {buildError} from '../../../diagnostics/build-error.ts';
import type {Act, Command} from '../command.ts';

const act: Act = async ({operands, io}) => {
  const [what, ...rest] = operands;
  switch (what) {
    case 'parse':
      return (await import('./parse.ts')).runDebugParse(rest, io);
    case 'print':
      return (await import('./print.ts')).runDebugPrint(rest, io);
    case 'shell':
      return (await import('./shell.ts')).runDebugShell(rest, io);
    case 'ignore':
      return (await import('./ignore.ts')).runDebugIgnore(rest, io);
    case 'lint':
      return (await import('./lint.ts')).runDebugLint(rest, io);
    case 'layout':
      return (await import('./layout.ts')).runDebugLayout(rest, io);
    default:
      throw buildError(
        'usage',
        'cli-unknown-command',
        `debug has no "${what}": expected parse, print, shell, ignore, lint or layout`,
      );
  }
};

export const debugCommand: Command = {
  name: 'debug',
  section: 'This machine',
  usage: [
    'parse FILE              how a Dockerfile is read, as JSON',
    'print FILE              a Dockerfile as it was read, an instruction a line',
    'shell < CASES.jsonl     how words are expanded',
    'ignore < CASES.jsonl    what .dockerignore patterns match',
    'lint FILE               what is minded about a Dockerfile, as JSON',
    'layout DIR              what is wrong with an OCI image layout',
  ],
  shortUsage: 'parse|shell|ignore|…',
  summary: 'show how a Dockerfile, a word, a .dockerignore is read',
  about:
    'These show the inside of tsbuild for tests and bug reports; their output may change in any version.',
  flags: [],
  arguments: 'raw',
  load: async () => act,
};
