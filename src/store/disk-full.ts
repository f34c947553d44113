// The one error of a state directory whose disk has no space left. Whoever removes things can make some and try again.

import {BuildError, buildError} from '../diagnostics/build-error.ts';

const code = 'store-disk-full';

export function diskFull(cause?: unknown): BuildError {
  return buildError('environment', code, 'no space is left on the disk of the state directory', {
    hints: ['"tsbuild prune -a" makes some'],
    cause,
  });
}

export function isDiskFull(error: unknown): boolean {
  return error instanceof BuildError && error.diagnostics[0].code === code;
}
