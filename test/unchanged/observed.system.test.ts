// What a build looked at, each part of it changed alone, on a state directory of a few plain files.

import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {stillHold} from '../../src/unchanged/conditions.ts';
import {Observed} from '../../src/unchanged/observed.ts';
import {systemClock} from '../../src/util/clock.ts';
import {record} from '../tree/memory-tree.ts';
import {encodeRecord} from '../tree/record-encoder.ts';

let root: string;
const at = (name: string): string => join(root, name);
/** A build that begins when everything is settled. */
const laterMs = (): number => systemClock.nowMs() + 60_000;
const hourMs = 3_600_000;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-observed-'));
  for (const name of ['work', 'layers/1/fs', 'blobs', 'failed']) mkdirSync(at(name), {recursive: true});
  for (const name of ['state.db', 'blobs/a', 'Dockerfile', 'target']) writeFileSync(at(name), name);
  symlinkSync('target', at('link'));
});
afterEach(() => rmSync(root, {recursive: true}));

/** Looks at all that there is. */
function observed(startMs = laterMs()): Observed {
  const seen = new Observed(startMs);
  seen.file(at('link'), true);
  seen.opening(root);
  seen.place(at('Dockerfile'), true);
  seen.file(at('Dockerfile'), true);
  seen.file(at('.dockerignore'), false);
  seen.blob(at('blobs/a'), true);
  seen.place(at('layers/1/fs'), true);
  seen.place(at('failed/p'), false);
  seen.until(startMs + hourMs);
  seen.until(startMs + 2 * hourMs);
  return seen;
}

function writeAgain(name: string): void {
  const {atime, mtime} = statSync(at(name));
  writeFileSync(at(name), readFileSync(at(name)));
  utimesSync(at(name), atime, mtime);
}

describe('what a build looked at', () => {
  it('holds as long as nothing changes, for an hour', () => {
    const startMs = laterMs();
    const conditions = observed(startMs).conditions(root, startMs);
    if (conditions === undefined) throw new Error('nothing to go by');
    expect(stillHold(conditions, root, startMs)).toBe(true);
    expect(stillHold(conditions, root, startMs + hourMs - 1)).toBe(true);
    expect(stillHold(conditions, root, startMs + hourMs)).toBe(false);
    expect(stillHold(conditions, root, startMs - 1)).toBe(false);
    expect(stillHold({...conditions, bootId: 'another'}, root, startMs)).toBe(false);
  });

  it('is nothing to go by when walks say too much, or something was made; then no walk is kept', () => {
    const startMs = laterMs();
    const walk = {directory: root, args: [], bytes: [Buffer.alloc(9 << 20)], startMs};
    const large = observed(startMs);
    large.walk(walk);
    expect(large.said).toHaveLength(1);
    large.walk(walk);
    expect([large.said, large.conditions(root, startMs)]).toEqual([[], undefined]);
    const made = observed(startMs);
    made.refuse();
    made.walk(walk);
    expect([made.said, made.conditions(root, startMs)]).toEqual([[], undefined]);
  });

  it('is nothing to go by when it is no file, or cannot be looked at', () => {
    const startMs = laterMs();
    const device = observed(startMs);
    device.file('/dev/null', true);
    expect(device.conditions(root, startMs)).toBeUndefined();
    const looped = observed(startMs);
    symlinkSync('loop', at('loop'));
    looped.file(at('loop'), true);
    expect(looped.conditions(root, startMs)).toBeUndefined();
  });

  it('does not mind the empty log of a database that somebody reads', () => {
    const startMs = laterMs();
    const conditions = observed(startMs).conditions(root, startMs);
    writeFileSync(at('state.db-wal'), '');
    expect(conditions && stillHold(conditions, root, startMs)).toBe(true);
  });

  const changes: readonly (readonly [string, () => void])[] = [
    ['the database is written to', () => appendFileSync(at('state.db'), 'x')],
    ['the database is written to and its time set back', () => writeAgain('state.db')],
    ['something waits in the log of the database', () => writeFileSync(at('state.db-wal'), 'x')],
    ['the database is gone', () => rmSync(at('state.db'))],
    [
      'the database is a copy of what it was',
      () => {
        writeFileSync(at('copy'), readFileSync(at('state.db')));
        renameSync(at('copy'), at('state.db'));
      },
    ],
    ['a file has the same bytes, written anew', () => writeAgain('Dockerfile')],
    ['a file is gone', () => rmSync(at('Dockerfile'))],
    ['a file may not be read as before', () => chmodSync(at('Dockerfile'), 0o600)],
    [
      'a link leads to another file with the same bytes',
      () => {
        writeFileSync(at('other'), 'target');
        rmSync(at('link'));
        symlinkSync('other', at('link'));
      },
    ],
    ['a file is there that was not', () => writeFileSync(at('.dockerignore'), '')],
    ['a blob is gone', () => rmSync(at('blobs/a'))],
    ['a blob was written to', () => writeAgain('blobs/a')],
    ['the directory of a layer is gone', () => rmSync(at('layers/1/fs'), {recursive: true})],
    ['a failure was kept', () => mkdirSync(at('failed/p'))],
    ['somebody makes something', () => mkdirSync(at('work/1.2.3'))],
    ['there is no place for work', () => rmSync(at('work'), {recursive: true})],
  ];

  it.each(changes)('does not hold when %s', (_, change) => {
    const startMs = laterMs();
    const conditions = observed(startMs).conditions(root, startMs);
    if (conditions === undefined) throw new Error('nothing to go by');
    expect(stillHold(conditions, root, startMs)).toBe(true);
    // Times of a file system go by ticks.
    for (const endMs = systemClock.nowMs() + 20; systemClock.nowMs() < endMs; );
    change();
    expect(stillHold(conditions, root, startMs)).toBe(false);
  });
});

describe('what is no condition', () => {
  const nowMs = laterMs();

  it('is nothing at all when somebody refuses', () => {
    const seen = observed(nowMs);
    expect(seen.conditions(root, nowMs)).toBeDefined();
    seen.refuse();
    expect(seen.conditions(root, nowMs)).toBeUndefined();
  });

  it('is a file that may have changed in the tick in which it was read', () => {
    const seen = observed(nowMs);
    writeFileSync(at('new'), 'x');
    seen.file(at('new'), true);
    expect(seen.conditions(root, nowMs)).toBeDefined();
    const hasty = new Observed(statSync(at('new')).ctimeMs);
    hasty.opening(root);
    hasty.file(at('new'), true);
    expect(hasty.conditions(root, nowMs)).toBeUndefined();
  });

  it('is a database that this build, or another one, has written to', () => {
    const seen = observed(nowMs);
    appendFileSync(at('state.db'), 'x');
    expect(seen.conditions(root, nowMs)).toBeUndefined();
    rmSync(at('state.db'));
    expect(observed(nowMs).conditions(root, nowMs)).toBeUndefined();
  });

  it('is what was seen in two ways, or is not as it was seen any more', () => {
    const twice = observed(nowMs);
    twice.place(at('failed/p'), true);
    expect(twice.conditions(root, nowMs)).toBeUndefined();
    const gone = observed(nowMs);
    rmSync(at('blobs/a'));
    expect(gone.conditions(root, nowMs)).toBeUndefined();
    writeFileSync(at('blobs/a'), 'blobs/a');
    const come = observed(nowMs);
    writeFileSync(at('.dockerignore'), '');
    expect(come.conditions(root, nowMs)).toBeUndefined();
  });

  it('is a blob that was written to by another name', () => {
    linkSync(at('blobs/a'), at('outside'));
    utimesSync(at('outside'), 1000, 1000);
    expect(observed(nowMs).conditions(root, nowMs)).toBeDefined();
    utimesSync(at('outside'), 1000, 1000.5);
    expect(observed(nowMs).conditions(root, nowMs)).toBeUndefined();
  });

  it('is a walk in which a file could still change unseen', () => {
    const said = (ctimeSeconds: number): Buffer[] => [encodeRecord(record('a', {ctimeSeconds}))];
    const walk = {directory: '/x', args: ['path=.'], startMs: 100_000};
    const seen = observed(nowMs);
    seen.walk({...walk, bytes: said(97)});
    expect(seen.conditions(root, nowMs)?.walks).toEqual([
      {directory: '/x', args: ['path=.'], bytes: said(97)[0]?.length},
    ]);
    expect(Buffer.concat(seen.said)).toEqual(said(97)[0]);
    seen.walk({...walk, bytes: said(100)});
    expect(seen.conditions(root, nowMs)).toBeUndefined();
  });
});
