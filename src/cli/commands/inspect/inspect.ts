// `tsbuild inspect IMAGE`: config and manifest of an image of the local store.

import {buildError} from '../../../diagnostics/build-error.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../../../oci/reference.ts';
import {suggest} from '../../../util/suggest.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {stateRootOf} from '../../state-root.ts';

export async function runInspect(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const [name] = operands;
  if (name === undefined || operands.length > 1) {
    throw buildError('usage', 'cli-operands', `inspect needs exactly one IMAGE, got ${operands.length}`);
  }
  const {openImageStore} = await import('../../../store/image-store.ts');
  const store = openImageStore(stateRootOf(flags, io));
  try {
    const reference = parseReference(name);
    const named = isReferenceProblem(reference) ? undefined : await store.get(normalisedName(reference));
    const image = named ?? (await store.get(name));
    if (image === undefined) {
      const names = (await store.list()).map((one) => one.name.replace(/^docker\.io\/(library\/)?/, ''));
      const near = suggest(name, names);
      throw buildError('user', 'cli-image-not-found', `no image "${name}" in the local store`, {
        hints: [near === undefined ? 'tsbuild images lists them' : `did you mean ${near}?`],
      });
    }
    const shown = {
      name: image.name,
      id: image.configDigest,
      descriptor: image.manifest,
      ...(image.root.digest === image.manifest.digest ? {} : {index: image.root}),
      config: image.config,
      manifest: image.content,
    };
    io.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  } finally {
    store[Symbol.dispose]();
  }
  return exitCodes.ok;
}
