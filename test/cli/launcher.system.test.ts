// bin/tsbuild around a stand-in for the bundle, which says what it was started with.

import {spawnSync} from 'node:child_process';
import {copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

const launcher = join(dirname(fileURLToPath(import.meta.url)), '../../bin/tsbuild');
const standIn = `const {NODE_EXTRA_CA_CERTS: node, TSBUILD_EXTRA_CA_CERTS: ours, BEGUN: begun} = process.env;
process.stdout.write(JSON.stringify({args: process.argv.slice(2), node, ours, begun}));
process.exitCode = 7;`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild launcher '));
  for (const name of ['package/bin', 'package/dist', 'links/deep'])
    mkdirSync(join(directory, name), {recursive: true});
  copyFileSync(launcher, join(directory, 'package/bin/tsbuild'));
  writeFileSync(join(directory, 'package/dist/tsbuild.cjs'), standIn);
  symlinkSync('../package/bin/tsbuild', join(directory, 'links/relative'));
  symlinkSync(join(directory, 'links/relative'), join(directory, 'links/deep/absolute'));
});
afterAll(() => rmSync(directory, {recursive: true}));

interface Started {
  readonly args: readonly string[];
  readonly node?: string;
  readonly ours?: string;
  readonly begun?: string;
}

function start(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = '/',
): Started {
  const {PATH = ''} = process.env;
  const run = spawnSync(command, args, {cwd, env: {PATH, ...env}, encoding: 'utf8'});
  expect(run.stderr).toBe('');
  expect(run.status).toBe(7);
  return JSON.parse(run.stdout) as Started;
}

describe('the launcher', () => {
  it.each([['package/bin/tsbuild'], ['links/relative'], ['links/deep/absolute']])(
    'finds the bundle from %s',
    (name) => {
      expect(start(join(directory, name), ['a']).args).toEqual(['a']);
    },
  );

  it('finds the bundle from a relative path', () => {
    expect(start('./tsbuild', [], {}, join(directory, 'package/bin')).args).toEqual([]);
    expect(start('links/relative', [], {}, directory).args).toEqual([]);
  });

  it('hands arguments on as they are', () => {
    const args = ['-t', 'a b', '', '--', '*', '$HOME', "it's"];
    expect(start(join(directory, 'links/relative'), args).args).toEqual(args);
  });

  it('keeps Node from reading an --env-file that is for a process in a sandbox', () => {
    const file = join(directory, 'variables');
    writeFileSync(file, 'BEGUN=by the file\n');
    const args = ['run', '--env-file', file, '--env-file=/nonexistent'];
    expect(start(join(directory, 'links/relative'), args)).toEqual({args});
  });

  it('keeps certificates from Node’s start and hands them to us', () => {
    const certificates = '/etc/ssl/certs/none.pem';
    const started = start(join(directory, 'links/relative'), [], {NODE_EXTRA_CA_CERTS: certificates});
    expect(started).toEqual({args: [], ours: certificates});
  });

  it('leaves a choice of our own alone', () => {
    const env = {NODE_EXTRA_CA_CERTS: '/a', TSBUILD_EXTRA_CA_CERTS: '/b'};
    expect(start(join(directory, 'links/relative'), [], env).ours).toBe('/b');
  });

  it('begins the helper together with a build, and with nothing else', () => {
    mkdirSync(join(directory, 'package/native'));
    writeFileSync(
      join(directory, 'package/native/tsbuild-helper'),
      '#!/bin/sh\nexport BEGUN="$1"\nshift\nexec "$@"\n',
      {mode: 0o755},
    );
    const begunBy = (args: readonly string[], env = {}): string | undefined => {
      const started = start(join(directory, 'links/relative'), args, env);
      expect(started.args).toEqual(args);
      return started.begun;
    };
    for (const args of [['build', 'a b'], ['.'], ['--root', '/r', 'x/y']])
      expect(begunBy(args)).toBe('start');
    for (const args of [['images'], ['--version'], []]) expect(begunBy(args)).toBeUndefined();
    expect(begunBy(['build', '.'], {TSBUILD_HELPER: '/other'})).toBeUndefined();
  });
});
