import {describe, expect, it} from 'vitest';
import type {CopyAction} from '../../../src/graph/op.ts';
import {
  copyActionArguments,
  createdSecondsOf,
  makeDirectoryArguments,
  makeFileArguments,
} from '../../../src/ops/file/file-arguments.ts';

const copy: CopyAction = {
  type: 'copy',
  input: 1,
  sources: [{path: 'a', wildcard: false}],
  destination: '/app/',
  unpack: false,
  parents: false,
  excludes: [],
};
const directory = {kind: 'directory', path: 'a', name: 'a', entries: [], filtered: false} as const;

describe('copyActionArguments', () => {
  it('gives files of the context to root', () => {
    expect(copyActionArguments(copy, {sources: [directory]}, 1, true)).toEqual([
      'action=copy',
      'view=1',
      'source=a',
      'destination=/app/',
      'contextowner=1',
    ]);
  });

  it('copies each selected source, in order', () => {
    const other = {...directory, path: 'b', name: 'b'};
    const args = copyActionArguments(copy, {sources: [directory, other]}, 2, false);
    expect(args.filter((arg) => arg.startsWith('source='))).toEqual(['source=a', 'source=b']);
    expect(args).not.toContain('contextowner=1');
  });

  it('passes owner, mode and unpacking on', () => {
    const action: CopyAction = {...copy, owner: 'me', mode: 0o750, unpack: true};
    expect(copyActionArguments(action, {sources: [directory]}, 1, true)).toEqual(
      expect.arrayContaining(['owner=me', 'mode=750', 'unpack=1']),
    );
    expect(copyActionArguments({...copy, mode: 'u=rwX'}, {sources: [directory]}, 1, true)).toContain(
      'mode=u=rwX',
    );
  });
});

describe('other actions', () => {
  it('write a file with the text of a heredoc', () => {
    expect(
      makeFileArguments({type: 'make-file', destination: '/etc/', name: 'EOF', content: 'a\nb\n'}),
    ).toEqual(['action=file', 'destination=/etc/', 'name=EOF', 'content=a\nb\n']);
  });

  it('make a directory whose unknown owner is root when the op says so', () => {
    expect(
      makeDirectoryArguments({type: 'make-directory', path: '/w', owner: 'me', unknownOwner: 'root'}),
    ).toEqual(['action=mkdir', 'path=/w', 'owner=me', 'unknownowner=root']);
  });

  it('take the creation time from whichever action has one', () => {
    const plain = {type: 'make-directory', path: '/w', unknownOwner: 'error'} as const;
    expect(createdSecondsOf([plain])).toBeUndefined();
    expect(createdSecondsOf([plain, {...plain, createdSeconds: 7}])).toBe(7);
  });
});
