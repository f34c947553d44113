// Where the helper's binary is: $TSBUILD_HELPER, or native/tsbuild-helper in the package this file belongs to, whether
// it runs from src/ or as a chunk of the bundle in dist/.

import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {buildError} from '../diagnostics/build-error.ts';

/** Throws BuildError('environment') when there is none. */
export function locateHelper(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment['TSBUILD_HELPER'];
  if (named !== undefined && named !== '') return named;
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const path = join(at, 'native', 'tsbuild-helper');
    if (existsSync(path)) return path;
    if (at === dirname(at)) break;
  }
  throw buildError('environment', 'helper-missing', 'the native helper is not built', {
    hints: [
      'it is made by: make -C native (needs gcc, make and libc6-dev)',
      'or name one with TSBUILD_HELPER',
    ],
  });
}
