// Tar archives as they come, entry by entry, contents as streams, nothing kept.

import type {TarEntry} from './entry.ts';
import {withHoles} from './sparse.ts';
import {StreamSource} from './tar-source.ts';
import {type TarNaming, TarWalk} from './walk-tar.ts';

export interface TarMember {
  readonly entry: TarEntry;
  /** What the archive has of its contents, in bytes; the rest is holes. */
  readonly storedBytes: number;
  /** To be read before the next member is asked for; what is not read is skipped. Holes are zeros. */
  content(): AsyncIterable<Uint8Array>;
}

const someArchive: TarNaming = {
  name: 'the archive',
  hint: 'archives may be plain, or compressed with gzip, bzip2, xz or zstd',
};

/** The members in order. Throws BuildError('user') where the bytes are no tar, or end before it does. */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const source = new StreamSource(bytes);
  const walk = new TarWalk(source, someArchive);
  try {
    for (;;) {
      const placed = await walk.next();
      if (placed === undefined) return await source.drain();
      const {entry, runs} = placed;
      const data = (_: number, length: number): AsyncIterable<Uint8Array> => nextOf(source, length, walk);
      const storedBytes = runs.reduce((sum, {length}) => sum + length, 0);
      yield {entry, storedBytes, content: () => withHoles(entry.size, runs, data)};
    }
  } finally {
    await source.close();
  }
}

async function* nextOf(source: StreamSource, length: number, walk: TarWalk): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; ) {
    const piece = await walk.checked(() => source.some(left));
    left -= piece.length;
    yield piece;
  }
}
