// The tar in an archive of images, whatever it is compressed with: what docker's load takes.

import {type DecompressorName, decompressedBy} from '../helper/decompressor.ts';
import {decompress, withHead} from '../sources/registry/decompress.ts';

const magics: readonly (readonly [name: DecompressorName, hex: string])[] = [
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
];

export async function* tarBytes(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const {head, whole} = await withHead(source);
  const start = Buffer.from(head.subarray(0, 8)).toString('hex');
  const [name] = magics.find(([, hex]) => start.startsWith(hex)) ?? [];
  yield* name === undefined ? decompress('none', whole) : decompressedBy(name, whole, signal);
}
