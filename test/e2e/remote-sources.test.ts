// Contexts and sources that are not here: standard input, URLs, repositories, layouts. All images start from
// scratch and are written out as files.

import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type FileServer, startFileServer} from '../support/file-server.ts';
import {type GitServer, startGitServer} from '../support/git-server.ts';
import {testTar} from '../support/test-image.ts';
import {assertBuilt, namesOf, type RunOptions, type Steps, type Workspace, workspace} from './command.ts';
import {asOrdinaryUser, ownState} from './ordinary-user.ts';

const dockerfile = 'FROM scratch\nCOPY . /all/\n';
let space: Workspace;
let server: FileServer;
let git: GitServer | undefined;
const files = new Map<string, Uint8Array>();
/** Of these the server does not know the age. */
const undated = new Set<string>();

beforeAll(async () => {
  assertBuilt();
  space = await workspace();
  server = await startFileServer(({path}, response) => {
    const bytes = files.get(path);
    if (bytes === undefined) response.writeHead(404).end();
    else if (undated.has(path)) response.writeHead(200).end(bytes);
    else response.writeHead(200, {'last-modified': 'Tue, 15 Jun 2021 10:00:00 GMT'}).end(bytes);
  });
  git = await startGitServer();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
  await server?.close();
  await git?.close();
});

let outputs = 0;

/** Builds, and gives the paths of the files that come out. */
async function built(
  args: readonly string[],
  options?: RunOptions,
): Promise<{paths: string[]; folder: string; steps: Steps}> {
  const folder = join(space.folder, `out-${++outputs}`);
  const {steps} = await space.build(['-o', `type=local,dest=${folder}`, ...args], options);
  return {paths: pathsBelow(folder, ''), folder, steps};
}

function pathsBelow(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), {withFileTypes: true})
    .flatMap((entry) =>
      entry.isDirectory() ? pathsBelow(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    )
    .sort();
}

const contextTar = testTar([
  {path: 'Dockerfile', content: dockerfile},
  {path: '.dockerignore', content: '*\n'},
  {path: 'data', content: 'data', mode: 0o640, mtime: 1_000_000},
]);
const wholeContext = ['all/.dockerignore', 'all/Dockerfile', 'all/data'];

describe('standard input', () => {
  it('can be an archive, in which .dockerignore does not count', async () => {
    const {paths, folder} = await built(['-'], {input: await contextTar});
    expect(paths).toEqual(wholeContext);
    expect(statSync(join(folder, 'all/data'))).toMatchObject({mtimeMs: 1_000_000_000});
  });

  it('can be a Dockerfile without a context', async () => {
    expect((await built(['-'], {input: 'FROM scratch\nCOPY <<x /y\ntext\nx\n'})).paths).toEqual(['y']);
  });

  it('can be the Dockerfile of a context', async () => {
    const context = await space.context({Dockerfile: 'broken', a: 'a'});
    const input = 'FROM scratch\nCOPY a /b\n';
    expect((await built(['-f', '-', context], {input})).paths).toEqual(['b']);
  });
});

describe('a URL', () => {
  it('can be an archive of a context', async () => {
    files.set('/context.tar', await contextTar);
    expect((await built([`${server.address}/context.tar`])).paths).toEqual(wholeContext);
    const again = await built([`${server.address}/context.tar`]);
    expect(namesOf(again.steps, 'done')).toEqual([]);
  });

  it('can be a Dockerfile', async () => {
    files.set('/Dockerfile', Buffer.from('FROM scratch\nCOPY <<x /y\ntext\nx\n'));
    expect((await built([`${server.address}/Dockerfile`])).paths).toEqual(['y']);
    const context = await space.context({a: 'a'});
    expect((await built(['-f', `${server.address}/Dockerfile`, context])).paths).toEqual(['y']);
  });

  it('that is not there is one clear sentence', async () => {
    const run = await space.run(['build', `${server.address}/none`]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/cannot download http:\S+\/none: the server answered 404 Not Found/);
  });

  it('can be added, once for all builds until it changes', async () => {
    files.set('/file', Buffer.from('one'));
    const context = await space.context({Dockerfile: `FROM scratch\nADD ${server.address}/file /dir/\n`});
    const first = await built([context]);
    expect(first.paths).toEqual(['dir/file']);
    const {mode, mtimeMs} = statSync(join(first.folder, 'dir/file'));
    expect({mode: mode & 0o777, mtimeMs}).toEqual({mode: 0o600, mtimeMs: Date.parse('2021-06-15T10:00:00Z')});
    expect(namesOf((await built([context])).steps, 'done')).toEqual([]);
    files.set('/file', Buffer.from('two'));
    const changed = await built([context]);
    expect(readFileSync(join(changed.folder, 'dir/file'), 'utf8')).toBe('two');
  });

  it('keeps its password to itself', async () => {
    files.set('/guarded', Buffer.from('data'));
    const url = `${server.address.replace('//', '//me:pAsSwOrD@')}/guarded`;
    const context = await space.context({Dockerfile: `FROM scratch\nADD ${url} /f\nCOPY none /\n`});
    const failed = await space.run(['build', '--progress', 'plain', context]);
    expect(failed.code).toBe(1);
    await writeFile(join(context, 'none'), '');
    const output = join(space.folder, 'guarded.tar');
    const built = await space.build(['-o', `type=oci,dest=${output}`, context]);
    expect(built.stderr).toContain('//xxxxx@127.0.0.1');
    const kept = [
      failed.stderr,
      built.stderr,
      readFileSync(output),
      readFileSync(join(space.root, 'state.db')),
    ];
    expect(kept.filter((bytes) => bytes.includes('pAsSwOrD'))).toEqual([]);
  });

  it('can be a named context, as one file', async () => {
    files.set('/named.tar', await contextTar);
    const context = await space.context({Dockerfile: 'FROM scratch\nCOPY --from=n / /n/\n'});
    const named = `n=${server.address}/named.tar`;
    expect((await built(['--build-context', named, context])).paths).toEqual(['n/context']);
  });
});

describe('a repository', () => {
  it('can be a context, by branch and directory, and a source of ADD', async (test) => {
    if (git === undefined) return test.skip();
    const repository = git.create('app');
    repository.commit({files: {'sub/dockerfile': dockerfile, 'sub/.dockerignore': '*\n', top: 'top'}});
    const {paths} = await built([`${repository.url}#main:sub`]);
    expect(paths).toEqual(['all/.dockerignore', 'all/dockerfile']);
    const context = await space.context({
      Dockerfile: `FROM scratch\nADD ${repository.url} /a/\nCOPY --from=n . /n/\n`,
    });
    const both = await built(['--build-context', `n=${repository.url}#main:sub`, context]);
    expect(both.paths).toEqual([
      'a/sub/.dockerignore',
      'a/sub/dockerfile',
      'a/top',
      'n/.dockerignore',
      'n/dockerfile',
    ]);
  });

  it('whose Dockerfile is a symlink out of it gives nothing away', async (test) => {
    if (git === undefined) return test.skip();
    const repository = git.create('evil');
    repository.commit({files: {Dockerfile: {link: '/etc/passwd'}}});
    const run = await space.run(['build', repository.url]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('failed to read dockerfile: open Dockerfile: no such file or directory');
    expect(run.stderr).not.toContain('root:');
  });
});

it('an OCI layout can be a base image', async () => {
  const base = await space.context({Dockerfile: 'FROM scratch\nCOPY a /a\nENV FROM_LAYOUT=yes\n', a: 'a'});
  const layout = join(space.folder, 'layout');
  await space.build(['-t', 'x:v1', '-o', `type=oci,dest=${layout},tar=false`, base]);
  const context = await space.context({Dockerfile: 'FROM base\nCOPY <<x /b\n$FROM_LAYOUT\nx\n'});
  const {paths, folder} = await built(['--build-context', `base=oci-layout://${layout}:v1`, context]);
  expect(paths).toEqual(['a', 'b']);
  expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('yes\n');
});

it('an ordinary user gets the same files', async (test) => {
  const user = asOrdinaryUser(test);
  const root = await ownState(space, user, 'own-state');
  files.set('/own.tar', await contextTar);
  files.set('/own', Buffer.from('own'));
  const out = join(space.folder, 'own-out');
  await mkdir(out);
  await user.own(out);
  const dest = join(out, 'image.tar');
  const repository = git?.create('own');
  repository?.commit({files: {f: 'f'}});
  const add = repository === undefined ? '' : `ADD ${repository.url} /git/\n`;
  const context = await space.context({Dockerfile: `FROM scratch\nADD ${server.address}/own /own\n${add}`});
  await chmod(context, 0o755);
  const options = {root, wrapper: user.wrapper, env: user.env};
  await space.build(['-o', `type=tar,dest=${dest}`, context], options);
  const listing = execFileSync('tar', ['--numeric-owner', '-tvf', dest], {encoding: 'utf8'});
  expect(listing).toMatch(/^-rw------- 0\/0 +3 .* own$/m);
  if (repository !== undefined) expect(listing).toMatch(/^-rw-r--r-- 0\/0 +1 .* git\/f$/m);
  await space.build(['-o', `type=tar,dest=${dest}`, `${server.address}/own.tar`], options);
  expect(execFileSync('tar', ['-tf', dest], {encoding: 'utf8'})).toContain('all/data');
});

it('a stage can stand on a named directory, in an image too', async () => {
  const named = await space.context({'.dockerignore': 'left', left: '1', 'dir/taken': '2'});
  const context = await space.context({Dockerfile: 'FROM n\nCOPY Dockerfile /d\n'});
  const args = ['--build-context', `n=${named}`, context];
  expect((await built(args)).paths).toEqual(['.dockerignore', 'd', 'dir/taken']);
  await space.build(['-o', `type=oci,dest=${join(space.folder, 'named.tar')}`, ...args]);
});

describe('SOURCE_DATE_EPOCH', () => {
  const modified = Date.parse('2021-06-15T10:00:00Z') / 1000;
  const text = 'FROM scratch\nCOPY <<x /y\ntext\nx\n';

  async function epochOf(args: readonly string[], options?: RunOptions): Promise<number> {
    const {folder} = await built(args, options);
    return Math.floor(statSync(join(folder, 'y')).mtimeMs / 1000);
  }

  it('of a context is when it was modified, or else its newest file', async () => {
    const arg = ['--build-arg', 'SOURCE_DATE_EPOCH=context'];
    const archive = await testTar([
      {path: 'Dockerfile', content: text, mtime: 2000},
      {path: 'dir', type: 'directory', mode: 0o755, mtime: 9000},
      {path: 'dir/file', content: 'x', mtime: 5000},
    ]);
    files.set('/dated.tar', archive);
    files.set('/undated.tar', archive);
    undated.add('/undated.tar');
    expect(await epochOf([...arg, `${server.address}/dated.tar`])).toBe(modified);
    expect(await epochOf([...arg, `${server.address}/undated.tar`])).toBe(5000);
    expect(await epochOf([...arg, '-'], {input: archive})).toBe(5000);
    const context = await space.context({
      Dockerfile: 'ARG SOURCE_DATE_EPOCH=n\nFROM scratch\nCOPY <<x /y\nx\n',
    });
    expect(await epochOf(['--build-context', `n=${server.address}/undated.tar`, context])).toBe(5000);
  });

  it('of a stage is that of what it adds', async () => {
    files.set('/text', Buffer.from('no archive'));
    undated.add('/text');
    const stageOf = (url: string): string =>
      `ARG SOURCE_DATE_EPOCH=src\nFROM scratch AS src\nADD ${url} /\n${text}`;
    const dated = await space.context({Dockerfile: stageOf(`${server.address}/dated.tar`)});
    expect(await epochOf([dated])).toBe(modified);
    const unknown = await space.context({Dockerfile: stageOf(`${server.address}/text`)});
    // No epoch: a file that nothing came into is as old as can be (docs/adr/0006).
    expect(await epochOf([unknown])).toBe(0);
  });

  it('of a repository is that of its commit', async (test) => {
    if (git === undefined) return test.skip('git is not installed');
    const repository = git.create('epoch');
    repository.commit({files: {Dockerfile: text}, seconds: 1_234_567_890});
    const arg = ['--build-arg', 'SOURCE_DATE_EPOCH=context'];
    expect(await epochOf([...arg, `${repository.url}?mtime=checkout`])).toBe(1_234_567_890);
  });
});
