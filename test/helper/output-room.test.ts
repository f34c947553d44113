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
  const asked: string[] = [];
  const helper = new HelperProcess(
    {
      path: '/nowhere',
      room: {
        wait: () => room,
        release: () => void asked.push('released'),
        hold: () => void asked.push('held'),
      },
    },
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
    asked,
    end: () => end.resolve({message: 'ended', lastWords: ''}),
    isFull(promise: Promise<unknown> | undefined): void {
      room = promise;
    },
    async write(text: string, type: number = frameTypes.stdout, id = 1): Promise<void> {
      answers.write(encodeFrame(id, type, Buffer.from(text)));
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
    const {shown, abort, run, asked, isFull, write} = talk();
    isFull(new Promise(() => {}));
    await write('one');
    await write('two');
    expect(asked).toEqual([]);
    abort.abort(new Error('no more'));
    expect(asked, 'who shows it knows').toEqual(['released']);
    await write('three');
    expect(shown).toEqual(['one', 'two', 'three']);
    await write('exit=143\0', frameTypes.result);
    await expect(run).rejects.toThrow('no more');
  });

  it('stays with the helper again when a step that was sent a signal has ended, and others go on', async () => {
    const {helper, shown, abort, run, asked, isFull, write} = talk();
    const other: string[] = [];
    const more = (): Promise<unknown> =>
      helper.request('run', [], {onStdout: (data) => void other.push(Buffer.from(data).toString())});
    const beside = more();
    abort.abort(new Error('out of time'));
    const room = deferred<void>();
    isFull(room.promise);
    await write('beside', frameTypes.stdout, 2);
    await write('read as long as the first has not ended', frameTypes.stdout, 2);
    await write('exit=143\0', frameTypes.result);
    await expect(run).rejects.toThrow('out of time');
    expect(asked).toEqual(['released', 'held']);
    await write('then it waits', frameTypes.stdout, 2);
    expect([shown.length, other.length]).toEqual([0, 2]);
    isFull(undefined);
    room.resolve();
    await write('exit=0\0', frameTypes.result, 2);
    await beside;
    expect(other).toHaveLength(3);
  });

  it('and with the next step, when none was running; what tidies up until then is answered', async () => {
    const {helper, abort, run, asked, isFull, write} = talk();
    const room = deferred<void>();
    isFull(room.promise);
    abort.abort(new Error('out of time'));
    await write('exit=143\0', frameTypes.result);
    await expect(run).rejects.toThrow('out of time');
    const tidying = [helper.request('remove', []), helper.request('remove', [])];
    await write('', frameTypes.result, 2);
    await write('', frameTypes.result, 3);
    await Promise.all(tidying);
    expect(asked).toEqual(['released']);
    const other: string[] = [];
    const next = helper.request('run', [], {
      onStdout: (data) => void other.push(Buffer.from(data).toString()),
    });
    expect(asked).toEqual(['released', 'held']);
    await write('one', frameTypes.stdout, 4);
    await write('two', frameTypes.stdout, 4);
    expect(other).toEqual(['one']);
    isFull(undefined);
    room.resolve();
    await write('exit=0\0', frameTypes.result, 4);
    await next;
    expect(other).toEqual(['one', 'two']);
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
