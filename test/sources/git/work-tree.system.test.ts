import {mkdirSync} from 'node:fs';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {workTreeOf} from '../../../src/sources/git/work-tree.ts';
import {LocalRepository} from '../../support/local-repository.ts';

let own: LocalRepository;
beforeEach(() => {
  own = new LocalRepository();
});
afterEach(() => own[Symbol.dispose]());

const at = (...names: string[]): string => own.at(...names);
const git = (directory: string, ...words: string[]): string => own.git(directory, ...words);

describe('the work tree of a directory', () => {
  it('has its commit and the address of its remote, from anywhere in it', async () => {
    const revision = own.make();
    expect(await workTreeOf(at('app', 'docker'))).toEqual({root: at('app'), revision});
    git(at('app'), 'remote', 'add', 'upstream', 'https://example.com/up.git');
    expect(await workTreeOf(at('app'))).toMatchObject({source: 'https://example.com/up.git'});
    git(at('app'), 'remote', 'add', 'origin', 'git@example.com:a/b#c.git');
    expect(await workTreeOf(at('app'))).toMatchObject({source: 'git@example.com:a/b#c.git'});
    git(at('app'), 'config', 'branch.trunk.remote', 'upstream');
    expect(await workTreeOf(at('app'))).toMatchObject({source: 'https://example.com/up.git'});
  });

  it('has it where references are packed, the head is detached, or the tree is one of several', async () => {
    const revision = own.make();
    git(at('app'), 'pack-refs', '--all');
    expect(await workTreeOf(at('app'))).toMatchObject({revision});
    git(at('app'), 'remote', 'add', 'origin', 'https://example.com/r.git');
    git(at('app'), 'worktree', 'add', '-q', at('beside'));
    expect(await workTreeOf(at('beside'))).toEqual({
      root: at('beside'),
      revision,
      source: 'https://example.com/r.git',
    });
    git(at('app'), 'checkout', '-q', '--detach');
    expect(await workTreeOf(at('app'))).toMatchObject({revision});
  });

  it('has no commit before the first, and is none without a repository', async () => {
    expect(await workTreeOf(own.folder)).toBeUndefined();
    mkdirSync(at('new'));
    git(at('new'), 'init', '-q');
    expect(await workTreeOf(at('new'))).toEqual({root: at('new')});
  });
});
