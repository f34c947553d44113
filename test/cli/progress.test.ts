// Progress in front of a reader that has stopped reading: nothing is lost while steps can be held back, and nothing
// collects once they cannot.

import {Writable} from 'node:stream';
import {expect, it} from 'vitest';
import type {EngineOptions} from '../../src/build/request.ts';
import {ReaderRoom} from '../../src/cli/progress.ts';
import {runCli} from '../../src/cli/run.ts';
import {buildError} from '../../src/diagnostics/build-error.ts';
import {memoryIo} from './memory-io.ts';

const mebibyte = 1024 * 1024;
const lines = Buffer.from(`${'x'.repeat(79)}\n`.repeat(4096));

/** A stream that takes nothing until it is told to. */
function stoppedReader() {
  const taken: Buffer[] = [];
  let next: (() => void) | undefined;
  let isReading = false;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk);
      if (isReading) done();
      else next = done;
    },
  });
  return {
    stream,
    text: () => Buffer.concat(taken).toString(),
    read(): void {
      isReading = true;
      next?.();
    },
  };
}

it('there is room again when what waits has been read', async () => {
  const {stream, read} = stoppedReader();
  const room = new ReaderRoom(stream);
  expect(room.wait()).toBeUndefined();
  stream.write(Buffer.alloc(2 * mebibyte));
  const waiting = room.wait();
  expect(waiting).toBeDefined();
  expect(room.isStuck, 'steps are held back').toBe(false);
  read();
  await waiting;
  expect(room.wait()).toBeUndefined();
});

it('of a build that fails, what is written before is shown, and what comes behind it does not collect', async () => {
  const {stream, text, read} = stoppedReader();
  const io = {...memoryIo(), stderr: stream};
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const engine = async (_: unknown, {emit, room}: EngineOptions): Promise<never> => {
    const output = (data: Uint8Array) =>
      emit({type: 'step-output', step: 's', stream: 'stdout', data, atMs: 0});
    emit({type: 'step-started', step: 's', name: 'RUN yes', atMs: 0});
    for (let written = 0; written < 2 * mebibyte; written += lines.length) output(lines);
    await turn();
    output(Buffer.from('the last words\n'));
    room?.release();
    for (let turns = 0; turns < 100; turns++) {
      output(lines);
      await turn();
    }
    output(Buffer.from('\nbehind them\n'));
    throw buildError('step', 'some-code', 'went wrong');
  };
  expect(await runCli(['--progress=plain', '.'], io, new AbortController().signal, engine)).toBe(1);
  expect(stream.writableLength).toBeLessThan(4 * mebibyte);
  read();
  expect(text()).toContain('the last words');
  expect(text()).not.toContain('behind them');
  expect(text()).toContain('went wrong');
});
