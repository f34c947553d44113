import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {noteFormat, openNote, type UnchangedNote, writeNote} from '../../src/unchanged/note.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-note-'));
  mkdirSync(join(root, 'work'));
});
afterEach(() => rmSync(root, {recursive: true}));

function noteOf(stdout: string): UnchangedNote {
  return {
    format: noteFormat,
    program: 'p',
    root,
    conditions: {
      database: '1',
      marks: {'/odd\udcff': '2'},
      present: [],
      absent: [],
      walks: [],
      bootId: 'b',
      fromMs: 1,
      untilMs: 2,
    },
    answer: {
      sink: 'plain',
      events: [],
      stdout,
      record: {
        format: 1,
        id: 'a',
        startedMs: 1,
        finishedMs: 2,
        status: 'completed',
        context: '/',
        dockerfile: 'Dockerfile',
        tags: [],
        platforms: [],
        buildArgs: [],
        warnings: [],
        steps: [],
      },
    },
  };
}

function write(name: string, note: UnchangedNote, walks: readonly Buffer[] = []): void {
  writeNote(note, walks, {name, temporary: join(root, 'work', name)});
}

describe('a note', () => {
  it.each([10, 70_000, 300_000])('is read as it was written, with %d bytes of it', (length) => {
    const note = noteOf('x'.repeat(length));
    const walks = [Buffer.alloc(length, 'a'), Buffer.alloc(length, 'b')];
    write('n', note, walks);
    const opened = openNote(root, 'n', 'p');
    expect(opened?.note).toEqual(note);
    const pieces: Buffer[] = [];
    for (let piece = opened?.next(999); piece?.length; piece = opened?.next(999)) {
      expect(piece.length).toBeLessThan(1000);
      pieces.push(Buffer.from(piece));
    }
    expect(Buffer.concat(pieces).equals(Buffer.concat(walks))).toBe(true);
    opened?.close();
    expect(readdirSync(join(root, 'work'))).toEqual([]);
  });

  it('is none when another version has made it, or another state directory has it, or it is torn', () => {
    expect(openNote(root, 'n', 'p')).toBeUndefined();
    write('n', noteOf('x'));
    expect(openNote(root, 'n', 'other')).toBeUndefined();
    const path = join(root, 'unchanged/n');
    const bytes = readFileSync(path, 'latin1');
    for (const changed of [
      bytes.replace('"format":1', '"format":9'),
      bytes.replace(root, `${root.slice(0, -1)}_`),
      bytes.slice(0, -3),
      bytes.slice(0, 7),
      '',
      `99999999999999999${bytes}`,
    ]) {
      writeFileSync(path, changed, 'latin1');
      expect(openNote(root, 'n', 'p')).toBeUndefined();
    }
    writeFileSync(path, bytes, 'latin1');
    openNote(root, 'n', 'p')?.close();
  });

  it('goes when there are 64 that are newer', () => {
    for (let number = 0; number < 66; number++) {
      write(`n${number}`, noteOf('x'));
      utimesSync(join(root, 'unchanged', `n${number}`), number, number);
    }
    write('last', noteOf('x'));
    const names = readdirSync(join(root, 'unchanged'));
    expect(names).toHaveLength(64);
    expect(names).toContain('last');
    expect(names).not.toContain('n0');
    expect(names).toContain('n65');
  });
});
