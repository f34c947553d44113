// A step whose files are not in the context ends the build, and with it everything that would have said the same of
// other steps. Whoever has to mend the file wants to hear of all of them, so the context is asked once more, about
// every step of the build. Nothing is read but directories of this machine; what would have to be fetched is not asked.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';
import {type Vertex, verticesBelow} from '../graph/vertex.ts';
import type {LocalContext} from '../sources/local/local-context.ts';
import type {CopyPattern} from '../tree/copy-pattern.ts';
import {onePath} from './contents.ts';

const code = 'copy-source-not-found';

export interface MissingSourcesOptions {
  readonly file: SourceFile;
  /** The directory behind a LocalSource name; undefined when it is none of this machine. */
  local(name: string): LocalContext | undefined;
}

/** `error`, when it is about files that are not there, with all that are missing in contexts; others as they are. */
export async function withMissingSources(
  error: unknown,
  targets: readonly Vertex[],
  {file, local}: MissingSourcesOptions,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof BuildError) || error.diagnostics[0].code !== code) return error;
  const told = [...error.diagnostics];
  for (const vertex of verticesBelow(targets)) {
    const {span} = vertex.origin;
    if (span === undefined) continue;
    for (const [index, input] of vertex.inputs.entries()) {
      if (input.op.kind !== 'source' || input.op.source.type !== 'local') continue;
      const context = local(input.op.source.name);
      if (context === undefined) continue;
      for (const wanted of wantedOf(vertex, index)) {
        const missing = await missingIn(context, wanted, signal);
        told.push(
          ...missing.filter((each) => !isTold(told, each, span)).map((each) => ({...each, file, span})),
        );
      }
    }
  }
  const [first, ...rest] = told.sort((a, b) => (a.span?.line ?? 0) - (b.span?.line ?? 0));
  return first === undefined ? error : new BuildError(error.kind, [first, ...rest], {cause: error});
}

/** What a vertex takes of one of its inputs. */
function wantedOf({op}: Vertex, index: number): readonly CopyPattern[] {
  if (op.kind === 'file') {
    return op.actions.flatMap((action) => (action.type === 'copy' && action.input === index ? [action] : []));
  }
  if (op.kind !== 'exec') return [];
  return op.mounts.flatMap((mount) =>
    (mount.type === 'bind' || mount.type === 'cache') && mount.input === index ? [onePath(mount.source)] : [],
  );
}

async function missingIn(
  context: LocalContext,
  wanted: CopyPattern,
  signal: AbortSignal,
): Promise<readonly Diagnostic[]> {
  try {
    await context.require(wanted, signal);
    return [];
  } catch (error) {
    if (signal.aborted) throw error;
    // What cannot be looked at hides no failure.
    if (!(error instanceof BuildError)) return [];
    return error.diagnostics.filter((each) => each.code === code);
  }
}

/** The same step may be there for several platforms. */
function isTold(told: readonly Diagnostic[], {message}: Diagnostic, {line}: Span): boolean {
  return told.some((other) => other.message === message && other.span?.line === line);
}
