import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {afterOwnTime, notDripping} from '../../../src/sources/registry/receive-watch.ts';

/** Pieces of `bytes`, each after `ms`; gives how many bytes came through. */
async function through(
  pieces: readonly (readonly [ms: number, bytes: number])[],
  readMs = 0,
): Promise<number> {
  let now = 0;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (const [ms, bytes] of pieces) {
      now += ms;
      yield new Uint8Array(bytes);
    }
  };
  let received = 0;
  for await (const piece of notDripping(body(), 'a.io', 1000, () => now)) {
    received += piece.length;
    now += readMs;
  }
  return received;
}

const times = <T>(count: number, piece: T): T[] => Array.from({length: count}, () => piece);

describe('a body', () => {
  it('may take long, as long as it goes on', async () => {
    expect(await through(times(50, [900, 64 * 1024]))).toBe(50 * 64 * 1024);
    expect(await through(times(6, [150, 100]))).toBe(600);
  });

  it('that comes in drops is given up', async () => {
    await expect(through(times(50, [400, 1]))).rejects.toMatchObject({
      kind: 'timeout',
      host: 'a.io',
      message: 'the transfer is too slow to go on',
    });
  });

  it('may wait for its reader', async () => {
    expect(await through(times(10, [50, 100]), 10_000)).toBe(1000);
  });
});

describe('the time that a host has to answer in', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is over after that time', async () => {
    const late = vi.fn();
    afterOwnTime(1000, late, async () => {});
    await vi.advanceTimersByTimeAsync(999);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalledOnce();
  });

  it('stands still while this machine does', async () => {
    const late = vi.fn();
    let free = (): void => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    afterOwnTime(1000, late, () => held);
    await vi.advanceTimersByTimeAsync(60_000);
    free();
    await vi.advanceTimersByTimeAsync(899);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalledOnce();
  });

  it('is nothing to an answer that has come', async () => {
    const late = vi.fn();
    afterOwnTime(1000, late, async () => {})();
    let free = (): void => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    const stop = afterOwnTime(100, late, () => held);
    await vi.advanceTimersByTimeAsync(60_000);
    stop();
    free();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(late).not.toHaveBeenCalled();
  });
});
