// A mistake that ends one phase hides those of the phases behind it. Whoever has to mend the file wants them all, so
// what could be read is surveyed once more: without looking at anything outside, on base images that are invented. What
// is told then is sure: nothing that may be a consequence of what could not be read or looked up.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Span} from '../diagnostics/span.ts';
import type {Dockerfile} from '../dockerfile/ast.ts';
import {loadWordGrammar} from '../dockerfile/word-grammar.ts';
import {instructionSet} from '../instructions/index.ts';
import {inventedImage} from '../plan/invented-image.ts';
import type {PlanRequest} from '../plan/plan.ts';
import {planBuild} from '../plan/plan-build.ts';

/** Characters of a file that somebody mends by hand: reading a longer one twice costs more than it tells. */
const lengthMax = 1_000_000;

/** `error`, when it is about `file`, with every further mistake there; anything else as it is. */
export async function withFurtherMistakes(
  error: unknown,
  file: SourceFile,
  requestOf: (dockerfile: Dockerfile) => PlanRequest,
): Promise<unknown> {
  if (!(error instanceof BuildError) || error.diagnostics[0].file !== file) return error;
  if (file.text.length > lengthMax) return error;
  const {parseWithReaders} = await import('../instructions/readers.ts');
  const {partial, dockerfile} = parseWithReaders(file);
  const told = error.diagnostics;
  const further = (await survey(requestOf(partial))).filter(
    (each) =>
      each.file === file &&
      each.span !== undefined &&
      isSure(each, each.span, file, dockerfile !== undefined) &&
      !told.some(({span}) => span !== undefined && overlap(span, each.span)),
  );
  if (further.length === 0) return error;
  const [first, ...rest] = [...told, ...further].sort(byLine);
  return first === undefined ? error : new BuildError(error.kind, [first, ...rest], {cause: error});
}

/** A survey of half a file may stumble over what is missing; then what is known already is all there is to tell. */
async function survey(request: PlanRequest): Promise<readonly Diagnostic[]> {
  try {
    await loadWordGrammar();
    const {observer: _, ...rest} = request;
    const resolveImage: PlanRequest['resolveImage'] = async (reference, platform) =>
      inventedImage(reference, platform);
    await planBuild({...rest, surveys: true, resolveImage, epochOf: async () => undefined}, instructionSet);
    return [];
  } catch (error) {
    return error instanceof BuildError ? error.diagnostics : [];
  }
}

/** Values may come from what is not known, and stages may be where a line could not be read. */
function isSure({code}: Diagnostic, span: Span, file: SourceFile, isReadWhole: boolean): boolean {
  if (!isReadWhole && code.includes('stage')) return false;
  for (let line = span.line; line <= span.endLine; line++) {
    const text = file.line(line) ?? '';
    const from = line === span.line ? span.column : 0;
    if (text.slice(from, line === span.endLine ? span.endColumn : undefined).includes('$')) return false;
  }
  return true;
}

function overlap(a: Span, b: Span | undefined): boolean {
  return b !== undefined && a.line <= b.endLine && b.line <= a.endLine;
}

function byLine(a: Diagnostic, b: Diagnostic): number {
  return (a.span?.line ?? 0) - (b.span?.line ?? 0);
}
