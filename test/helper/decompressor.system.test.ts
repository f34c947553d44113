import {spawnSync} from 'node:child_process';
import {describe, expect, it, type TestContext} from 'vitest';
import {type DecompressorName, decompressedBy} from '../../src/helper/decompressor.ts';
import {needCommand} from '../e2e/requirements.ts';
import {collect} from '../support/collect.ts';

const signal = new AbortController().signal;
const text = Buffer.alloc(300_000, 'many words, ');

function packed(test: TestContext, name: DecompressorName): Buffer {
  const program = needCommand(test, name);
  return spawnSync(program, ['-c'], {input: text}).stdout;
}

async function* pieces(bytes: Uint8Array, error?: Error): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
  if (error !== undefined) throw error;
}

describe.each<[DecompressorName]>([['bzip2'], ['xz']])('%s', (name) => {
  it('is read by its program', async (test) => {
    const read = await collect(decompressedBy(name, pieces(packed(test, name)), signal));
    expect(text.equals(read)).toBe(true);
  });

  it('that ends too early is an error, whatever was read of it', async (test) => {
    const short = packed(test, name).subarray(0, -20);
    await expect(collect(decompressedBy(name, pieces(short), signal))).rejects.toThrow(
      `the archive is no valid ${name} stream, or ends too early`,
    );
  });

  it('fails with its source', async (test) => {
    const broken = pieces(packed(test, name).subarray(0, 50), new Error('the line is dead'));
    await expect(collect(decompressedBy(name, broken, signal))).rejects.toThrow('the line is dead');
  });

  it('that is damaged is told as that, also when it ends while more of it is waited for', async (test) => {
    let more = () => {};
    const rest = new Promise<void>((resolve) => {
      more = resolve;
    });
    const slow = (async function* () {
      yield Buffer.concat([packed(test, name).subarray(0, 12), Buffer.alloc(1000, 'x')]);
      await rest;
      yield Buffer.alloc(1000, 'y');
    })();
    // The program has ended by now: its standard output ends only with it.
    const read = collect(decompressedBy(name, slow, signal));
    setTimeout(more, 200);
    await expect(read).rejects.toThrow(`the archive is no valid ${name} stream, or ends too early`);
  });

  it('fails with its source, whatever the code of its error', async (test) => {
    const broken = pieces(
      packed(test, name).subarray(0, 50),
      Object.assign(new Error('no reader'), {code: 'EPIPE'}),
    );
    await expect(collect(decompressedBy(name, broken, signal))).rejects.toThrow('no reader');
  });

  it('without its program names the package', async () => {
    const missing = collect(decompressedBy(name, pieces(text), signal, ['/nonexistent']));
    await expect(missing).rejects.toMatchObject({
      kind: 'environment',
      diagnostics: [{hints: [expect.stringMatching(/^install the package (bzip2|xz-utils),/)]}],
    });
  });

  it('ends when it is interrupted', async (test) => {
    const interrupt = new AbortController();
    const endless = (async function* () {
      yield packed(test, name).subarray(0, 30);
      interrupt.abort(new Error('enough'));
      await new Promise(() => {});
    })();
    await expect(collect(decompressedBy(name, endless, interrupt.signal))).rejects.toThrow('enough');
  });
});
