import {describe, expect, it} from 'vitest';
import {deferred} from '../../src/util/deferred.ts';
import {mapLimited} from '../../src/util/map-limited.ts';

describe('mapLimited', () => {
  it('gives results in the order of the items, whatever order they come in', async () => {
    const gates = [deferred<string>(), deferred<string>(), deferred<string>()];
    const mapped = mapLimited(
      [0, 1, 2],
      3,
      (index) => gates[index]?.promise ?? Promise.reject(new Error('?')),
    );
    gates[2]?.resolve('c');
    gates[0]?.resolve('a');
    gates[1]?.resolve('b');
    expect(await mapped).toEqual(['a', 'b', 'c']);
  });

  it('never has more than the limit under way', async () => {
    let running = 0;
    let most = 0;
    await mapLimited(
      Array.from({length: 20}, (_, index) => index),
      3,
      async () => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
      },
    );
    expect(most).toBe(3);
  });

  it('throws the failure, and begins nothing after it', async () => {
    const begun: number[] = [];
    const failing = mapLimited([0, 1, 2, 3], 1, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(begun).toEqual([0, 1]);
  });
});
