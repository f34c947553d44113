// `tsbuild debug`: doors to the inside, whose arguments are not flags of the command line.

import type {Command} from '../command.ts';

export const debugCommand: Command = {
  name: 'debug',
  section: 'This machine',
  usage: [
    'parse FILE...           how each Dockerfile is read, as JSON',
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
  load: async () => (await import('./debug.ts')).debug,
};
