// Whoever shows what steps write may be slower than the steps. The helper is a pair of pipes here, and its frames are
// written by hand.

import {PassThrough} from 'node:stream';
import {setImmediate as turn} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import {encodeFrame, frameTypes} from '../../src/helper/frames.ts';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {deferred} from '../../src/util/deferred.ts';

function talk() {
  const [requests, answers] = [new PassThrough(), new PassThrough({highWaterMark: 10})];
  const end = deferred<{message: string; lastWords: string}>();
  let room: Promise<unknown> | undefined;
  let released = 0;
  const helper = new HelperProcess(
    {path: '/nowhere', room: {wait: () => room, release: () => void released++}},
    () => ({
      requests,
      answers,
      end: end.promise,
    }),
  );
  const shown: string[] = [];
  const abort = new AbortController();
  const onStdout = (data: Uint8Array): void => void shown.push(Buffer.from(data).toString());
  const run = helper.request('run', [], {onStdout, signal: abort.signal});
  run.catch(() => {});
  return {
    helper,
    shown,
    abort,
    run,
    released: () => released,
    end: () => end.resolve({message: 'ended', lastWords: ''}),
    isFull(promise: Promise<unknown> | undefined): void {
      room = promise;
    },
    async write(text: string, type: number = frameTypes.stdout): Promise<void> {
      answers.write(encodeFrame(1, type, Buffer.from(text)));
      for (let turns = 0; turns < 4; turns++) await turn();
    },
  };
}

describe('output of steps that cannot be passed on yet', () => {
  it('stays with the helper until there is room', async () => {
    const {shown, isFull, write} = talk();
    const room = deferred<void>();
    isFull(room.promise);
    await write('one');
    await write('two');
    expect(shown).toEqual(['one']);
    isFull(undefined);
    room.resolve();
    await write('three');
    expect(shown).toEqual(['one', 'two', 'three']);
  });

  it('is read all the same when a step was sent a signal, until it has ended', async () => {
    const {shown, abort, run, released, isFull, write} = talk();
    isFull(new Promise(() => {}));
    await write('one');
    await write('two');
    expect(released()).toBe(0);
    abort.abort(new Error('no more'));
    expect(released(), 'who shows it knows').toBe(1);
    await write('three');
    expect(shown).toEqual(['one', 'two', 'three']);
    await write('exit=143\0', frameTypes.result);
    await expect(run).rejects.toThrow('no more');
  });

  it('is read when nothing more is asked of the helper', async () => {
    const {helper, shown, run, end, isFull, write} = talk();
    isFull(new Promise(() => {}));
    await write('one');
    await write('two');
    const closed = helper.close();
    await write('three');
    expect(shown).toEqual(['one', 'two', 'three']);
    end();
    await closed;
    await expect(run).rejects.toThrow('ended');
  });
});
