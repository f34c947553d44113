import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {Notes} from '../../src/store/notes.ts';
import {openStateDirectory} from '../../src/store/state-directory.ts';
import {needRoot, skip} from '../e2e/requirements.ts';

const roots: string[] = [];
const freshRoot = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'tsbuild-state-'));
  roots.push(root);
  return root;
};
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, {recursive: true, force: true});
});

describe('openStateDirectory', () => {
  it('makes the directory with all it needs, and opens it again', () => {
    const root = join(freshRoot(), 'deep', 'state');
    openStateDirectory(root)[Symbol.dispose]();
    using state = openStateDirectory(root);
    expect(readdirSync(root).toSorted()).toEqual(
      expect.arrayContaining(['blobs', 'cache-mounts', 'layers', 'state.db', 'work']),
    );
    expect(state.bootId).not.toBe('');
  });

  it('says how to choose another one when it is not writable', () => {
    const root = freshRoot();
    writeFileSync(join(root, 'file'), '');
    const failure = catching(() => openStateDirectory(join(root, 'file', 'state')));
    expect(failure).toBeInstanceOf(BuildError);
    expect(failure).toMatchObject({kind: 'environment', diagnostics: [{code: 'store-not-writable'}]});
  });

  it('says so too when everything is there already, on a disk that is read-only', (test) => {
    needRoot(test);
    const root = freshRoot();
    openStateDirectory(root)[Symbol.dispose]();
    const mount = (...args: string[]) => spawnSync('mount', args, {encoding: 'utf8'});
    const bound = mount('--bind', root, root);
    if (bound.status !== 0) skip(test, `nothing can be mounted: ${bound.stderr}`);
    try {
      expect(mount('-o', 'remount,bind,ro', root).status).toBe(0);
      const failure = catching(() => openStateDirectory(root));
      expect(failure).toMatchObject({diagnostics: [{code: 'store-not-writable'}]});
      expect(String(failure)).toMatch(/read-only file system/);
    } finally {
      spawnSync('umount', [root]);
    }
  });

  it('holds what it uses until all that leads there is written down', async () => {
    const root = freshRoot();
    const state = openStateDirectory(root);
    let held: unknown;
    await state.leases.hold('snapshot', 'made');
    state.database.soon(() => {
      held = readdirSync(join(root, 'leases')).length;
    });
    state[Symbol.dispose]();
    expect([held, readdirSync(join(root, 'leases'))]).toEqual([1, []]);
  });

  it('refuses a database of a later format instead of guessing', () => {
    const root = freshRoot();
    {
      using state = openStateDirectory(root);
      state.database.run('PRAGMA user_version = 999');
    }
    expect(catching(() => openStateDirectory(root))).toMatchObject({diagnostics: [{code: 'store-newer'}]});
  });

  it('knows the work of dead processes from its own', async () => {
    using state = openStateDirectory(freshRoot());
    const own = await state.makeWork();
    const dead = join(state.root, 'work', '4194303.1.aa');
    // Our own pid with another start time: the number was given to us after its owner died.
    const reused = join(state.root, 'work', `${process.pid}.1.bb`);
    mkdirSync(dead);
    mkdirSync(reused);
    expect(state.staleWork().toSorted()).toEqual([dead, reused].toSorted());
    expect(state.staleWork()).not.toContain(own);
  });

  it('rolls a transaction back when its work throws', () => {
    using state = openStateDirectory(freshRoot());
    const notes = new Notes(state.database);
    expect(() =>
      state.database.transaction(() => {
        notes.set('parse', 'k', 'v');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(notes.getText('parse', 'k')).toBeUndefined();
  });

  it('leaves no log behind, and does not wait for others who use it', () => {
    const root = freshRoot();
    const log = join(root, 'state.db-wal');
    const other = openStateDirectory(root);
    const write = (): void => {
      using state = openStateDirectory(root);
      new Notes(state.database).set('parse', 'k', 'v'.repeat(10_000));
    };
    other.database.run('BEGIN');
    expect(new Notes(other.database).getText('parse', 'k')).toBeUndefined();
    write();
    expect(statSync(log).size).toBeGreaterThan(0);
    other.database.run('COMMIT');
    write();
    expect(statSync(log).size).toBe(0);
    other[Symbol.dispose]();
  });

  it('keeps notes as bytes, by kind', () => {
    using state = openStateDirectory(freshRoot());
    const notes = new Notes(state.database);
    notes.set('stat', 'k', Uint8Array.of(0, 255, 7));
    notes.set('parse', 'k', 'text');
    expect([...(notes.get('stat', 'k') ?? [])]).toEqual([0, 255, 7]);
    expect(notes.getText('parse', 'k')).toBe('text');
    expect(notes.get('content', 'k')).toBeUndefined();
  });
});

function catching(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
