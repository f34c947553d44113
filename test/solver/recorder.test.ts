// What a step leaves to be written down must not keep the next one waiting, and must not be lost.

import {describe, expect, it} from 'vitest';
import {type Made, Recorder} from '../../src/solver/recorder.ts';
import {deferred} from '../../src/util/deferred.ts';
import {memoryLocks} from '../support/fake-ops.ts';

const never = new AbortController().signal;
const unexpected = (): void => {
  throw new Error('nobody else has the lock');
};

describe('a recorder', () => {
  it('gives a result before it is written down, and keeps others from its key until it is', async () => {
    const locks = memoryLocks();
    const recorder = new Recorder<number>(locks, never, unexpected);
    const disk = deferred<void>();
    const order: string[] = [];
    const record = async (): Promise<void> => {
      await disk.promise;
      order.push('written');
    };
    expect(await recorder.locked('k', async () => ({result: 1, record}), unexpected)).toBe(1);
    const other = locks.withLock('step k', never, async () => order.push('another process'));
    order.push('the next step began');
    disk.resolve();
    await recorder.finish();
    await other;
    expect(order).toEqual(['the next step began', 'written', 'another process']);
  });

  it('begins to write down when what the result has set in motion is under way', async () => {
    const order: string[] = [];
    const recorder = new Recorder<number>(memoryLocks(), never, unexpected);
    const record = async (): Promise<void> => {
      order.push('written');
    };
    await recorder.locked('k', async () => ({result: 1, record}), unexpected);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    order.push('the next step was asked for');
    await recorder.finish();
    expect(order).toEqual(['the next step was asked for', 'written']);
  });

  it('tells at once of what could not be written down, and does not finish well', async () => {
    const lost: unknown[] = [];
    const recorder = new Recorder<number>(memoryLocks(), never, (error) => lost.push(error));
    const record = async (): Promise<void> => {
      throw new Error('no space');
    };
    expect(await recorder.locked('k', async () => ({result: 1, record}), unexpected)).toBe(1);
    await recorder.settled();
    expect(lost).toEqual([new Error('no space')]);
    await expect(recorder.finish()).rejects.toThrow('no space');
  });

  it('tells whoever asked of a failure, and lets the next one with that key try again', async () => {
    const recorder = new Recorder<number>(memoryLocks(), never, unexpected);
    const failing = async (): Promise<Made<number>> => {
      throw new Error('exit code 1');
    };
    await expect(recorder.locked('k', failing, unexpected)).rejects.toThrow('exit code 1');
    expect(
      await recorder.locked(
        'k',
        async () => ({result: 2}),
        () => {},
      ),
    ).toBe(2);
  });
});
