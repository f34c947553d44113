import {gzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {decompress} from '../../../src/sources/registry/decompress.ts';
import {collect} from '../../support/collect.ts';
import {storedZstd, testTar} from '../../support/test-image.ts';

const content = Buffer.from(Array.from({length: 60_000}, (_, index) => `line ${index * 7919}\n`).join(''));

/** Gives `bytes` in pieces; `taken` tells how many were asked for. */
function pieces(bytes: Uint8Array, size = 10_000): AsyncIterable<Uint8Array> & {taken: number} {
  return {
    taken: 0,
    async *[Symbol.asyncIterator]() {
      for (let start = 0; start < bytes.length; start += size) {
        this.taken = start + size;
        yield bytes.subarray(start, start + size);
      }
      this.taken = bytes.length;
    },
  };
}

async function problem(kind: 'gzip' | 'zstd', bytes: Uint8Array): Promise<string> {
  const error = await collect(decompress(kind, pieces(bytes))).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BuildError);
  expect(error).toMatchObject({kind: 'environment'});
  return (error as Error).message;
}

const packed = {gzip: gzipSync(content), zstd: storedZstd(content)};

it('gzip is left to whoever takes it, whatever the media type says, and zstd is not', async () => {
  for (const kind of ['gzip', 'zstd', 'none'] as const) {
    expect((await collect(decompress(kind, pieces(packed.gzip), 'gzip'))).equals(packed.gzip)).toBe(true);
    expect((await collect(decompress(kind, pieces(packed.zstd), 'gzip'))).equals(content)).toBe(true);
  }
  await expect(collect(decompress('gzip', pieces(Buffer.alloc(0)), 'gzip'))).rejects.toThrow('it is empty');
});

describe.each(['gzip', 'zstd'] as const)('%s', (kind) => {
  it.each([1, 17, 10_000, 10_000_000])('gives its bytes back, in pieces of %i', async (size) => {
    const small =
      kind === 'gzip' ? gzipSync(content.subarray(0, 5000)) : storedZstd(content.subarray(0, 5000));
    const [source, expected] = size === 1 ? [small, content.subarray(0, 5000)] : [packed[kind], content];
    expect(digestOf(await collect(decompress(kind, pieces(source, size))))).toBe(digestOf(expected));
  });

  it('may come in several members', async () => {
    const twice = Buffer.concat([packed[kind], packed[kind]]);
    expect((await collect(decompress(kind, pieces(twice)))).length).toBe(2 * content.length);
  });

  it('that ends early is an error', async () => {
    for (const length of [1, 5, 100, packed[kind].length - 1]) {
      expect(await problem(kind, packed[kind].subarray(0, length))).toContain(
        `layer is no valid ${kind} stream`,
      );
    }
  });

  it('that is something else is an error', async () => {
    expect(await problem(kind, content)).toContain(`layer is no valid ${kind} stream`);
    expect(await problem(kind, new Uint8Array())).toContain('it is empty');
  });

  it('passes on an error of its source', async () => {
    const reason = new Error('network');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield packed[kind].subarray(0, 100);
      throw reason;
    }
    await expect(collect(decompress(kind, failing()))).rejects.toBe(reason);
  });

  it('leaves its source when it is left', async () => {
    let left = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield packed[kind];
      } finally {
        left = true;
      }
    }
    for await (const piece of decompress(kind, source())) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(left).toBe(true);
  });
});

describe('gzip with bytes behind it', () => {
  it('ignores them, as gzip does, but reads its source to the end', async () => {
    const source = pieces(Buffer.concat([packed.gzip, Buffer.alloc(300_000)]));
    expect(digestOf(await collect(decompress('gzip', source)))).toBe(digestOf(content));
    expect(source.taken).toBe(packed.gzip.length + 300_000);
  });
});

describe('zstd with a window larger than 128 MiB', () => {
  it('is refused before it is allocated', async () => {
    const frame = Buffer.alloc(40);
    frame.writeUInt32LE(0xfd2fb528, 0);
    frame.writeUInt8(18 << 3, 5);
    expect(await problem('zstd', frame)).toContain(
      'it needs a window of 268435456 bytes, more than 134217728',
    );
  });
});

describe('a layer with a wrong media type', () => {
  it.each([
    ['gzip', 'none'],
    ['gzip', 'zstd'],
    ['zstd', 'gzip'],
    ['none', 'gzip'],
    ['none', 'zstd'],
  ] as const)('%s is read all the same when its bytes are %s', async (told, real) => {
    const tar = await testTar([{path: 'a', content}]);
    const bytes = {none: tar, gzip: gzipSync(tar), zstd: storedZstd(tar)}[real];
    for (const size of [100, 100_000]) {
      expect(digestOf(await collect(decompress(told, pieces(bytes, size))))).toBe(digestOf(tar));
    }
  });
});

it('an uncompressed layer is passed on as it is', async () => {
  expect(digestOf(await collect(decompress('none', pieces(content))))).toBe(digestOf(content));
});
