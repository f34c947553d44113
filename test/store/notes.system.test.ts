// Notes of many megabytes lie in pieces; whoever counts them and takes them away sees one.

import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {inventory} from '../../src/space/inventory.ts';
import {takeAway} from '../../src/space/removal.ts';
import {liveLeases} from '../../src/store/leases.ts';
import {Notes} from '../../src/store/notes.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';

const mebibyte = 1 << 20;
let folder: string;
let state: StateDirectory;
let notes: Notes;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-notes-'));
  state = openStateDirectory(folder);
  notes = new Notes(state.database);
});
afterEach(() => {
  state[Symbol.dispose]();
  rmSync(folder, {recursive: true, force: true});
});

function rows(): number {
  return state.database.all("SELECT key FROM note WHERE kind = 'stat'").length;
}

describe('a note in pieces', () => {
  it.each([0, 5, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 3.5 * mebibyte])(
    'of %i bytes comes back as it was',
    (length) => {
      const value = randomBytes(length);
      notes.setInPieces('stat', '/app', value);
      expect(Buffer.compare(notes.getInPieces('stat', '/app') ?? Buffer.from('none'), value)).toBe(0);
    },
  );

  it('leaves none of its pieces behind when it gets shorter', () => {
    notes.setInPieces('stat', '/app', randomBytes(3.5 * mebibyte));
    expect(rows()).toBe(4);
    notes.setInPieces('stat', '/app', randomBytes(5));
    expect([rows(), notes.getInPieces('stat', '/app')?.length]).toEqual([1, 5]);
  });

  it('does not touch those of others, whose names are alike', () => {
    notes.setInPieces('stat', '/app 1', Buffer.from('other'));
    notes.set('stat', 'keys /app', 'keys');
    notes.setInPieces('stat', '/app', randomBytes(2.5 * mebibyte));
    expect(Buffer.from(notes.getInPieces('stat', '/app 1') ?? []).toString()).toBe('other');
    expect(notes.getText('stat', 'keys /app')).toBe('keys');
  });

  it('may be one large row of an older tsbuild', () => {
    const value = randomBytes(1.5 * mebibyte);
    notes.set('stat', '/app', value);
    expect(Buffer.compare(notes.getInPieces('stat', '/app') ?? Buffer.from('none'), value)).toBe(0);
  });

  it('is one item of what takes space, and goes as one', () => {
    notes.setInPieces('stat', '/app', randomBytes(2.5 * mebibyte));
    notes.set('stat', 'keys /app', 'keys');
    const measured = {layers: new Map(), others: new Map()};
    const items = inventory(state, liveLeases(state.root), measured);
    const [times, ...more] = items.filter(({description}) => description === 'file times of /app');
    expect([times?.bytes, more]).toEqual([2.5 * mebibyte + '/app1 /app2 /app'.length, []]);
    takeAway(times === undefined ? [] : [times], state, liveLeases(state.root));
    expect([notes.getInPieces('stat', '/app'), rows()]).toEqual([undefined, 1]);
  });
});
