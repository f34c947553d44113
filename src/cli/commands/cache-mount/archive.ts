// `tsbuild cache-mount export` and `tsbuild cache-mount import`.

import {createWriteStream, existsSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {basename, join, resolve} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {buildError} from '../../../diagnostics/build-error.ts';
import {makeOutput} from '../../../exporters/output-file.ts';
import {CacheMountArchives} from '../../../space/cache-mount-archives.ts';
import {plainVariant, variantText} from '../../../store/cache-mount-variant.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {CliIo} from '../../io.ts';
import {openSpace, type SpaceAccess} from '../../space/access.ts';
import type {Act} from '../command.ts';
import {inputOf} from '../load/load.ts';
import {chosenCache, chosenVariant, variantFlag} from './chosen-cache.ts';

export const exportCache: Act = async ({flags, operands, io, interrupt}) => {
  const operand = onlyCache(operands, 'export');
  await using access = await openSpace(flags, io);
  const cache = chosenVariant(chosenCache(access.engine.state.cacheMounts.list(), operand), flags);
  const output = {stdout: io.stdout, workingDirectory: io.cwd, signal: interrupt};
  await makeOutput(flags.last('output') ?? '-', output, (path) =>
    archivesOf(access).export(cache, path, interrupt),
  );
  return exitCodes.ok;
};

export const importCache: Act = async ({flags, operands, io, interrupt}) => {
  const id = onlyCache(operands, 'import');
  const variant = variantFlag(flags) ?? variantText(plainVariant);
  const input = flags.last('input') ?? '-';
  const bytes = inputOf(input, io, interrupt);
  await using access = await openSpace(flags, io);
  await withFile(input, bytes, io, access, (file) => {
    const origin = input === '-' ? 'standard input' : basename(input);
    return archivesOf(access).import({id, variant, origin}, file, interrupt);
  });
  return exitCodes.ok;
};

function onlyCache(operands: readonly string[], command: string): string {
  const [cache, ...more] = operands;
  if (cache !== undefined && cache !== '' && more.length === 0) return cache;
  throw buildError('usage', 'cli-operands', `cache-mount ${command} needs one CACHE`);
}

function archivesOf({engine: {state, helper}}: SpaceAccess): CacheMountArchives {
  return new CacheMountArchives({state, helper});
}

/** The file itself, or what comes on standard input as a file, which the helper can look into. */
async function withFile(
  input: string,
  bytes: AsyncIterable<Uint8Array>,
  io: CliIo,
  {engine: {state}}: SpaceAccess,
  use: (file: string) => Promise<void>,
): Promise<void> {
  if (input !== '-') {
    const path = resolve(io.cwd, input);
    if (!existsSync(path)) throw buildError('user', 'cli-unreadable', `${input} cannot be read: ENOENT`);
    return use(path);
  }
  const work = await state.makeWork();
  try {
    const file = join(work, 'standard input');
    await pipeline(bytes, createWriteStream(file));
    await use(file);
  } finally {
    await rm(work, {recursive: true, force: true});
  }
}
