import {describe, expect, it} from 'vitest';
import type {Digest} from '../../../src/oci/digest.ts';
import {KnownKeys} from '../../../src/sources/local/known-keys.ts';

function store() {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    load: async (key: string) => values.get(key),
    save: async (key: string, bytes: Uint8Array) => {
      values.set(key, bytes);
    },
  };
}

const idOf = (number: number) => number.toString(16).padStart(64, '0');
const digestOf = (number: number) => `sha256:${idOf(number)}` as Digest;

describe('KnownKeys', () => {
  it('finds in a later build what an earlier one remembered', async () => {
    const kept = store();
    await new KnownKeys(kept, '/d').remember(idOf(1), digestOf(2));
    expect(await new KnownKeys(kept, '/d').find(idOf(1))).toBe(digestOf(2));
    expect(await new KnownKeys(kept, '/d').find(idOf(2))).toBeUndefined();
    expect(await new KnownKeys(kept, '/other').find(idOf(1))).toBeUndefined();
  });

  it('keeps the newest 256', async () => {
    const kept = store();
    const keys = new KnownKeys(kept, '/d');
    for (let number = 0; number < 300; number++) await keys.remember(idOf(number), digestOf(number));
    const later = new KnownKeys(kept, '/d');
    expect(await later.find(idOf(43))).toBeUndefined();
    expect(await later.find(idOf(44))).toBe(digestOf(44));
    expect(kept.values.get('keys /d')?.length).toBe(8 + 256 * 64);
  });

  it('starts anew from bytes that are no rows', async () => {
    const kept = store();
    kept.values.set('keys /d', Buffer.from('tsbkeys1 and a half'));
    expect(await new KnownKeys(kept, '/d').find(idOf(1))).toBeUndefined();
  });

  it('has another id for another question', () => {
    const keys = new KnownKeys(store(), '/d');
    const copy = {sources: [{path: 'a', wildcard: false}], parents: false, excludes: []};
    const ids = [
      keys.idOf(copy, [], 'f'),
      keys.idOf({...copy, sources: [{path: 'a', wildcard: true}]}, [], 'f'),
      keys.idOf({...copy, sources: [{path: 'b', wildcard: false}]}, [], 'f'),
      keys.idOf({...copy, parents: true}, [], 'f'),
      keys.idOf({...copy, excludes: ['x']}, [], 'f'),
      keys.idOf(copy, ['x'], 'f'),
      keys.idOf(copy, [], 'g'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
