// Repositories served by git's own daemon, as snapshots: what is fetched, what is not fetched again, what is refused.

import {existsSync, lstatSync, readFileSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {GitSource} from '../../../src/graph/op.ts';
import {GitSources} from '../../../src/sources/git/git-sources.ts';
import {type FileServer, startFileServer} from '../../support/file-server.ts';
import {type GitRepository, type GitServer, startGitServer} from '../../support/git-server.ts';
import {SourceWorld} from '../../support/source-world.ts';

const {signal} = new AbortController();
const server = await startGitServer();
let world: SourceWorld;
let repository: GitRepository;
let first: string;
let second: string;

beforeAll(() => {
  if (server === undefined) return;
  repository = server.create('app');
  first = repository.commit({
    files: {
      'a.txt': 'one',
      'dir/run.sh': {run: '#!'},
      'dir/link': {link: '../a.txt'},
      out: {link: '/etc'},
      inside: {link: 'dir'},
    },
    seconds: 1_500_000_000,
  });
  repository.git('tag', '--annotate', '--message=x', 'v1');
  repository.git('push', '--quiet', 'origin', 'v1');
  second = repository.commit({files: {'a.txt': 'two'}, seconds: 1_600_000_000, branch: 'next'});
});
afterAll(() => server?.close());
beforeEach(() => {
  world = new SourceWorld();
});
afterEach(() => world[Symbol.dispose]());

function build({snapshotter, notes} = world): GitSources {
  return new GitSources({
    snapshotter,
    notes,
    environment: process.env,
    secrets: async () => ({}),
    sshAgent: undefined,
  });
}

function source(more: Partial<GitSource> = {}): GitSource {
  return {type: 'git', remote: repository.url, keepGitDirectory: false, ...more};
}

function contents(snapshot: string): string[] {
  return world.listing(snapshot).filter((line) => !/\.git\//.test(line) || line.endsWith('.git/'));
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error = (await work.catch((reason: unknown) => reason)) as Error;
  expect(error).toMatchObject({name: 'BuildError', kind: 'user'});
  expect(await world.leftovers()).toEqual([]);
  return error.message;
}

/** The directory of these repositories behind a server that knows nothing of git. */
async function filesOf(...repositories: readonly GitRepository[]): Promise<FileServer> {
  const bares = repositories.map(({directory}) => directory.replace(/-work$/, '.git'));
  for (const [index, bare] of bares.entries()) repositories[index]?.git('-C', bare, 'update-server-info');
  return startFileServer(({path}, response) => {
    const name = join(dirname(bares[0] ?? ''), path.split('?', 1)[0] ?? '');
    const isFile = existsSync(name) && statSync(name).isFile();
    if (isFile) response.writeHead(200).end(readFileSync(name));
    else response.writeHead(404).end();
  });
}

describe.skipIf(server === undefined)('a repository', () => {
  it('becomes the files of its default branch, as old as the commit, without .git', async () => {
    const {snapshot} = await build().fetch(source(), signal);
    expect(world.listing(snapshot)).toEqual([
      '0644 a.txt = one',
      '0755 dir/',
      'link dir/link -> ../a.txt',
      '0755 dir/run.sh = #!',
      'link inside -> dir',
      'link out -> /etc',
    ]);
    for (const path of ['.', 'a.txt', 'dir', 'dir/link']) {
      expect(lstatSync(join(world.directoryOf(snapshot), path)).mtimeMs, path).toBe(1_500_000_000_000);
    }
    expect(world.snapshotter.epochSecondsOf(snapshot)).toBe(1_500_000_000);
    expect(await world.leftovers()).toEqual([]);
  });

  it('has modes that no umask changes', async () => {
    const before = process.umask(0o077);
    try {
      const {snapshot} = await build().fetch(source(), signal);
      expect(world.listing(snapshot)).toContain('0644 a.txt = one');
      expect(lstatSync(world.directoryOf(snapshot)).mode & 0o777).toBe(0o755);
    } finally {
      process.umask(before);
    }
  });

  it.each(['next', 'refs/heads/next'])('is had at the branch %s', async (ref) => {
    expect(contents((await build().fetch(source({ref}), signal)).snapshot)).toContain('0644 a.txt = two');
  });

  it('is had at a tag and at a commit, which are one key', async () => {
    const tag = await build().fetch(source({ref: 'v1'}), signal);
    const commit = await build().fetch(source({ref: first}), signal);
    expect(contents(tag.snapshot)).toContain('0644 a.txt = one');
    expect(commit).toEqual(tag);
  });

  it('is not spoken to for a commit that is here', async () => {
    await build().fetch(source({ref: second}), signal);
    const before = (server as GitServer).connections;
    await build().fetch(source({ref: second}), signal);
    expect((server as GitServer).connections).toBe(before);
  });

  it('is asked once in a build, and in the next one again', async () => {
    const {url, commit} = (server as GitServer).create('moving');
    const moving = {url, commit};
    moving.commit({files: {f: '1'}});
    const sources = build();
    const then = await sources.fetch(source({remote: moving.url}), signal);
    moving.commit({files: {f: '2'}});
    expect(await sources.fetch(source({remote: moving.url}), signal)).toEqual(then);
    const now = await build().fetch(source({remote: moving.url}), signal);
    expect(now.key).not.toBe(then.key);
    expect(contents(now.snapshot)).toEqual(['0644 f = 2']);
  });

  it('gives a directory of itself', async () => {
    const {snapshot, key} = await build().fetch(source({subdirectory: 'dir'}), signal);
    expect(contents(snapshot)).toEqual(['link link -> ../a.txt', '0755 run.sh = #!']);
    expect(key).not.toBe((await build().fetch(source(), signal)).key);
  });

  it('keeps .git when told, with the remote and the tag', async () => {
    const {snapshot} = await build().fetch(source({ref: 'v1', keepGitDirectory: true}), signal);
    const names = world.listing(snapshot).map((line) => line.split(' ')[1] ?? '');
    expect(names).toEqual(expect.arrayContaining(['.git/HEAD', '.git/config', '.git/refs/tags/v1', 'a.txt']));
    expect(names.filter((name) => /FETCH_HEAD|logs|hooks/.test(name))).toEqual([]);
    expect(world.listing(snapshot).join('\n')).toContain(`url = ${repository.url}`);
  });

  it('keeps the default branch in .git', async () => {
    const {snapshot} = await build().fetch(source({keepGitDirectory: true}), signal);
    expect(world.listing(snapshot)).toContain(`0644 .git/refs/heads/main = ${first}\n`);
  });

  it('is had at a commit whatever its branch is now, and not asked for the branch', async () => {
    const moving = (server as GitServer).create('moved');
    const then = moving.commit({files: {f: '1'}, branch: 'work'});
    moving.commit({files: {f: '2'}, branch: 'work'});
    const {connections} = server as GitServer;
    const wanted = {remote: moving.url, ref: 'work', checksum: then, fetchByCommit: true};
    const {snapshot} = await build().fetch(source({...wanted, keepGitDirectory: true}), signal);
    const listing = world.listing(snapshot);
    expect(listing).toEqual(expect.arrayContaining(['0644 f = 1', `0644 .git/refs/heads/work = ${then}\n`]));
    expect((server as GitServer).connections).toBe(connections + 1);
  });

  it('can be as new as its checkout', async () => {
    const plain = await build().fetch(source({mtime: 'commit'}), signal);
    expect(plain).toEqual(await build().fetch(source(), signal));
    const {snapshot, key} = await build().fetch(source({mtime: 'checkout'}), signal);
    expect(key).not.toBe(plain.key);
    const {mtimeMs} = lstatSync(join(world.directoryOf(snapshot), 'a.txt'));
    expect(Math.abs(mtimeMs - Date.now())).toBeLessThan(60_000);
    expect(Math.abs(world.snapshotter.epochSecondsOf(snapshot) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('can be files behind HTTP', async () => {
    const files = await filesOf(repository);
    try {
      const remote = `${files.address}/app.git`;
      for (const [more, text] of [
        [{}, 'one'],
        [{ref: 'next'}, 'two'],
        [{ref: 'v1'}, 'one'],
        [{ref: second}, 'two'],
      ] as const) {
        using fresh = new SourceWorld();
        const {snapshot} = await build(fresh).fetch(source({remote, ...more}), signal);
        expect(fresh.listing(snapshot)).toContain(`0644 a.txt = ${text}`);
      }
    } finally {
      await files.close();
    }
  });

  it('gives the same index of .git each time', async () => {
    const indexes: (string | undefined)[] = [];
    for (let round = 0; round < 2; round++) {
      using fresh = new SourceWorld();
      const {snapshot} = await build(fresh).fetch(source({keepGitDirectory: true}), signal);
      indexes.push(fresh.listing(snapshot).find((line) => line.startsWith('0644 .git/index')));
    }
    expect(indexes[0]).toBeDefined();
    expect(indexes[1]).toBe(indexes[0]);
  });

  it('is checked against a commit, whole or its start, or the object of a tag', async () => {
    const tag = repository.git('rev-parse', 'v1').trim();
    for (const checksum of [first, first.slice(0, 7), tag]) {
      await build().fetch(source({ref: 'v1', checksum}), signal);
    }
    expect(await problemOf(build().fetch(source({ref: 'next', checksum: 'abcdef1'}), signal))).toBe(
      `${repository.url}: expected checksum to match abcdef1, got ${second}`,
    );
  });
});

describe.skipIf(server === undefined)('submodules', () => {
  it('come along, of any depth, without a trace of git; or stay away', async () => {
    const serving = server as GitServer;
    const inner = serving.create('inner');
    inner.commit({files: {'i.txt': 'inner'}});
    const middle = serving.create('middle');
    middle.commit({files: {'m.txt': 'middle'}});
    middle.git('submodule', '--quiet', 'add', '../inner.git', 'in');
    middle.commit({files: {}});
    const outer = serving.create('outer');
    outer.commit({files: {'o.txt': 'outer'}});
    outer.git('submodule', '--quiet', 'add', '../middle.git', 'mid');
    outer.commit({files: {}});
    const lines = async (more: Partial<GitSource>): Promise<string[]> =>
      world.listing((await build().fetch(source({remote: outer.url, ...more}), signal)).snapshot);
    const all = await lines({});
    expect(all).toEqual(expect.arrayContaining(['0644 mid/m.txt = middle', '0644 mid/in/i.txt = inner']));
    expect(all.filter((line) => /\.git( |\/)/.test(line))).toEqual([]);
    expect(await lines({skipSubmodules: true})).toContain('0755 mid/');
    expect((await lines({skipSubmodules: true})).join()).not.toContain('m.txt');
  });

  it('can be files behind HTTP, too', async () => {
    const serving = server as GitServer;
    const part = serving.create('part');
    part.commit({files: {'p.txt': 'part'}});
    const whole = serving.create('whole');
    whole.commit({files: {'w.txt': 'whole'}});
    whole.git('submodule', '--quiet', 'add', '../part.git', 'part');
    whole.commit({files: {}});
    const files = await filesOf(part, whole);
    try {
      const {snapshot} = await build().fetch(source({remote: `${files.address}/whole.git`}), signal);
      expect(world.listing(snapshot)).toContain('0644 part/p.txt = part');
    } finally {
      await files.close();
    }
  });

  it('that would be read from this machine are refused', async () => {
    const evil = (server as GitServer).create('evil');
    evil.commit({
      files: {'.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = file://${repository.directory}\n`},
    });
    evil.git('update-index', '--add', '--cacheinfo', `160000,${first},x`);
    evil.git('commit', '--quiet', '--message=x');
    evil.git('push', '--quiet', 'origin', 'main');
    expect(await problemOf(build().fetch(source({remote: evil.url}), signal))).toMatch(
      /transport 'file' not allowed/,
    );
  });
});

describe.skipIf(server === undefined)('refused is', () => {
  it.each([
    [{ref: 'nothing'}, /repository does not contain ref nothing/],
    [{ref: '9'.repeat(40)}, /has no commit 9{40}/],
    [{subdirectory: 'none'}, /has no directory none/],
    [{subdirectory: '../..'}, /^$|has no directory/],
    [{subdirectory: 'out'}, /has no directory out/],
    [{subdirectory: 'inside'}, /has no directory inside/],
    [{checksum: 'foobar'}, /invalid checksum foobar for Git URL, expected hex commit hash/],
    [{fetchByCommit: true}, /fetch-by-commit requires a checksum/],
    [{fetchByCommit: true, checksum: 'abc'}, /fetch-by-commit requires all of a commit, not only abc/],
    [{subdirectory: 'a.txt'}, /has no directory a\.txt/],
    [{ref: '--upload-pack=touch /tmp/x'}, /is no valid name/],
    [{remote: '--upload-pack=x'}, /is no valid name/],
  ] as const)('%j', async (more, message) => {
    // A directory above the root is the root, as in any path of a context.
    if ('subdirectory' in more && more.subdirectory === '../..') {
      expect(contents((await build().fetch(source(more), signal)).snapshot)).toContain('0644 a.txt = one');
      return;
    }
    expect(await problemOf(build().fetch(source(more), signal))).toMatch(message);
  });

  it('a repository that is not there', async () => {
    const remote = `${(server as GitServer).address}/none.git`;
    expect(await problemOf(build().fetch(source({remote}), signal))).toMatch(/not exported/);
  });
});
