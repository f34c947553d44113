// Before a build begins: can the steps that are sure to run be run at all? A step for another machine that fails after
// an hour of others could have failed at once.

import {BuildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import type {SourceFile} from '../../diagnostics/source-file.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {formatPlatform} from '../../oci/platform.ts';
import type {Emulation} from './emulation.ts';

/** Throws BuildError that names, of each platform that cannot run here, the first of `vertices` that would have to. */
export async function requireRunnable(
  vertices: readonly Vertex[],
  emulation: Emulation,
  file: SourceFile,
): Promise<void> {
  const asked = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const {op, origin} of vertices) {
    if (op.kind !== 'exec') continue;
    const name = formatPlatform(op.platform);
    if (asked.has(name)) continue;
    asked.add(name);
    const problem = await emulation.problemOf(op.platform);
    if (problem === undefined) continue;
    const place = origin.span === undefined ? {} : {file, span: origin.span};
    diagnostics.push({severity: 'error', code: 'exec-foreign-platform', ...problem, ...place});
  }
  const [first, ...rest] = diagnostics;
  if (first !== undefined) throw new BuildError('environment', [first, ...rest]);
}
