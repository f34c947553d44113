import {describe, expect, it} from 'vitest';
import {scanArgumentsOf} from '../../src/tree/scan-arguments.ts';

describe('scanArgumentsOf', () => {
  it('asks for the directories on the way without descending, in tree order', () => {
    expect(scanArgumentsOf(['b', 'a/x/2', 'a/x/1', 'a-b'], {digests: true})).toEqual([
      'path=a',
      'path=a/x',
      'path=a/x/1',
      'path=a/x/2',
      'path=a-b',
      'path=b',
      'prune=a',
      'prune=a/x',
      'digest=1',
    ]);
  });

  it('drops roots within others and passes what is to be skipped', () => {
    expect(scanArgumentsOf(['.', 'a'], {prune: ['tmp'], pruneNames: ['.git']})).toEqual([
      'path=.',
      'prune=tmp',
      'prunename=.git',
    ]);
  });
});
