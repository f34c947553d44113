import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {SendWatch} from '../../../src/sources/registry/send-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(10);
}

describe('a body on its way out', () => {
  it('may take long, as long as it is taken', async () => {
    const watch = new SendWatch(1000, 5000);
    for await (const _ of watch.body(pieces(5))) await vi.advanceTimersByTimeAsync(900);
    expect(watch.signal.aborted).toBe(false);
  });

  it('that nobody takes, or that is not answered, is given up', async () => {
    const taken = new SendWatch(1000, 5000);
    await taken.body(pieces(2)).next();
    await vi.advanceTimersByTimeAsync(1000);
    expect(taken.signal.aborted).toBe(true);
    const answered = new SendWatch(1000, 5000);
    for await (const _ of answered.body(pieces(2)));
    await vi.advanceTimersByTimeAsync(4999);
    expect(answered.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(answered.signal.aborted).toBe(true);
  });

  it('that was answered before its end leaves no timer behind', async () => {
    const watch = new SendWatch(1000, 5000);
    const body = watch.body(pieces(3));
    await body.next();
    watch.stop();
    for await (const _ of body);
    expect(vi.getTimerCount()).toBe(0);
  });
});
