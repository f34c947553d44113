// `tsbuild debug WHAT`: each door is loaded when it is asked for.

import {buildError} from '../../../diagnostics/build-error.ts';
import type {Act} from '../command.ts';

export const debug: Act = async ({operands, io}) => {
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
