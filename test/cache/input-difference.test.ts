import {describe, expect, it} from 'vitest';
import {inputDifference} from '../../src/cache/input-difference.ts';
import type {MissedStep} from '../../src/solver/result-cache.ts';
import {encodeFileList} from '../../src/tree/file-list.ts';
import {record} from '../tree/memory-tree.ts';

/** So many files, whose contents are `content`. */
function files(count: number, content: number): Uint8Array {
  const entries = Array.from({length: count}, (_, index) => record(`f${String(index).padStart(6, '0')}`));
  const source = {kind: 'directory' as const, path: '.', name: '.', entries, filtered: false};
  const digestOf = (): Uint8Array => new Uint8Array(32).fill(content);
  const list = encodeFileList({sources: [source]}, {ownership: 'kept', digestOf});
  if (list === undefined) throw new Error('too many files');
  return list;
}

function differenceOf(was: Uint8Array, is: Uint8Array): string | undefined {
  const lists = new Map([
    ['was', was],
    ['is', is],
  ]);
  const ingredients = {format: 1, op: 'file', inputs: ['is'], from: ['[internal] context']};
  const missed: MissedStep = {
    name: '[1/1] COPY . .',
    line: 1,
    isTold: false,
    keys: [],
    inputs: [{name: '[internal] context', byContent: true, hasRun: false}],
    ingredients,
  };
  return inputDifference(missed, 0, {...ingredients, inputs: ['was']}, (digest) => lists.get(digest))?.text;
}

describe('files that differ', () => {
  it('are named, and the others counted in figures that people can read', () => {
    expect(differenceOf(files(1, 1), files(1, 2))).toBe('f000000 changed (1 of 1 file)');
    expect(differenceOf(files(1203, 1), files(1203, 2))).toBe(
      'f000000 changed, f000001 changed, f000002 changed, 1,200 more (1,203 of 1,203 files)',
    );
  });
});
