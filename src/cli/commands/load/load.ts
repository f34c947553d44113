// `tsbuild load`.

import {resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import {loadArchive} from '../../../image/load-archive.ts';
import {shownName} from '../../../image/match-image.ts';
import {LocalBlobStore} from '../../../store/blob-store.ts';
import {givenBytes} from '../../../store/given-file.ts';
import {systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {CliIo} from '../../io.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act} from '../command.ts';
import {withImages} from '../with-images.ts';

export const loadImages: Act = async ({flags, operands, io, interrupt}) => {
  if (operands.length > 0) {
    throw buildError('usage', 'cli-operands', 'load takes no operands', {
      hints: ['-i FILE names the archive'],
    });
  }
  const bytes = inputOf(flags.last('input') ?? '-', io, interrupt);
  const platform = platformFlag(flags);
  return withImages(flags, io, async (store, root) => {
    const blobs = new LocalBlobStore(root);
    const images = await loadArchive(bytes, {blobs, platform, signal: interrupt});
    for (const {root: image, id, names} of images) {
      for (const name of names.length > 0 ? names : [`<none>@${image.digest}`]) {
        store.tag(name, image, systemClock.nowMs());
      }
      const lines = names.map((name) => `Loaded image: ${shownName(name)}\n`);
      io.stdout.write(lines.length > 0 ? lines.join('') : `Loaded image ID: ${id}\n`);
    }
    return exitCodes.ok;
  });
};

/** The bytes of FILE, or of standard input for `-`. */
export function inputOf(file: string, io: CliIo, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (file !== '-') return fileBytes(resolve(io.cwd, file), file, signal);
  if (io.stdin.isTTY === true) {
    throw buildError('usage', 'cli-terminal', 'an archive is not read from a terminal', {
      hints: ['redirect standard input, or name a FILE'],
    });
  }
  return stdinBytes(io);
}

async function* stdinBytes(io: CliIo): AsyncGenerator<Uint8Array> {
  for await (const piece of io.stdin) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

async function* fileBytes(path: string, shown: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* givenBytes(path, {signal});
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === undefined || !['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR'].includes(code)) throw error;
    const hints =
      code === 'EISDIR' ? ['a layout directory is read as an archive: tar -C DIR -c . | tsbuild load'] : [];
    throw buildError('user', 'cli-unreadable', `${shown} cannot be read: ${code}`, {cause: error, hints});
  }
}
