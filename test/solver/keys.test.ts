import {describe, expect, it} from 'vitest';
import {contentKeyOf, definitionKeyOf, freshResultKey} from '../../src/solver/keys.ts';
import type {CacheMap} from '../../src/solver/op-runner.ts';

const byResult = (opKey: string, count: number): CacheMap<string> => ({
  opKey,
  inputs: Array.from({length: count}, () => ({by: 'result'})),
});

describe('cache keys', () => {
  it('frame their parts: "ab","c" is not "a","bc"', () => {
    const map = byResult('op', 2);
    expect(definitionKeyOf(map, [{key: 'ab'}, {key: 'c'}])).not.toBe(
      definitionKeyOf(map, [{key: 'a'}, {key: 'bc'}]),
    );
  });

  it('differ by op and by the order of inputs', () => {
    const keys = [
      definitionKeyOf(byResult('op', 2), [{key: 'a'}, {key: 'b'}]),
      definitionKeyOf(byResult('op', 2), [{key: 'b'}, {key: 'a'}]),
      definitionKeyOf(byResult('other', 2), [{key: 'a'}, {key: 'b'}]),
    ];
    expect(new Set(keys).size).toBe(3);
  });

  it('name the places that are read where only results are known', () => {
    const reading = (selector: string): CacheMap<string> => ({
      opKey: 'op',
      inputs: [{by: 'content', selector, hash: async (value) => value}],
    });
    const [one, two] = [reading('a'), reading('b')].map((map) => definitionKeyOf(map, [{key: 'k'}]));
    expect(one).not.toBe(two);
  });

  it('are unknown while an input is unknown', async () => {
    expect(definitionKeyOf(byResult('op', 1), [{}])).toBeUndefined();
    const map: CacheMap<string> = {
      opKey: 'op',
      inputs: [{by: 'content', selector: '', hash: async (value) => value}],
    };
    expect(await contentKeyOf(map, [{key: 'k'}], new AbortController().signal)).toBeUndefined();
  });

  it('read content where the op says so, whatever the result key', async () => {
    const map: CacheMap<string> = {
      opKey: 'op',
      inputs: [{by: 'content', selector: '', hash: async (value) => value}],
    };
    const signal = new AbortController().signal;
    const one = await contentKeyOf(map, [{key: 'k1', value: 'same'}], signal);
    const two = await contentKeyOf(map, [{key: 'k2', value: 'same'}], signal);
    expect(one?.key).toBe(two?.key);
  });

  it('a fresh result key was never seen before', () => {
    expect(freshResultKey('k')).not.toBe(freshResultKey('k'));
  });
});
