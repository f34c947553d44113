// Before anything runs: can the steps that are sure to run be run at all? A step for another machine that fails after
// an hour of others could have failed at once.

import {BuildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import type {SourceFile} from '../../diagnostics/source-file.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {formatPlatform} from '../../oci/platform.ts';
import type {Miss} from '../../solver/look-up.ts';
import type {Emulation} from './emulation.ts';

/** Throws BuildError that names, of each platform that cannot run here, the first step that would have to. */
export async function requireRunnable(
  misses: readonly Miss<Vertex>[],
  emulation: Emulation,
  file: SourceFile,
): Promise<void> {
  const told = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const {vertex, isSure} of misses) {
    const {op, origin} = vertex;
    if (op.kind !== 'exec') continue;
    const name = formatPlatform(op.platform);
    const problem = told.has(name) ? undefined : await emulation.problemOf(op.platform);
    if (problem === undefined || !isSure()) continue;
    told.add(name);
    const place = origin.span === undefined ? {} : {file, span: origin.span};
    diagnostics.push({severity: 'error', code: 'exec-foreign-platform', ...problem, ...place});
  }
  const [first, ...rest] = diagnostics;
  if (first !== undefined) throw new BuildError('environment', [first, ...rest]);
}
