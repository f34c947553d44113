// A program that `tsbuild-helper start` becomes, and the helper that it finds beside it.

import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';

const rooms = fileURLToPath(new URL('../../src/helper/', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsbuild-companion-'));
});
afterAll(() => rmSync(directory, {recursive: true}));

/** A program of two lines of imports and `body`. */
async function program(name: string, body: string): Promise<string> {
  const outfile = join(directory, `${name}.cjs`);
  await build({
    stdin: {
      contents: `import {calledWith, companionIn, noticeCompanion, takeCompanion} from './companion.ts';
import {HelperProcess} from './helper-process.ts';
import {requestAtOnce} from './request-at-once.ts';
import {readFileSync} from 'node:fs';
async function main() { ${body} }
main();`,
      resolveDir: rooms,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
  });
  return outfile;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string) {
  return spawnSync(locateHelper(process.env), ['start', ...args], {
    cwd,
    env: {...process.env, ...env},
    encoding: 'utf8',
    timeout: 30_000,
  });
}

describe('the helper that begins before its program', () => {
  it('answers, is taken once, ends when it is told to, and has left nothing in the environment', async () => {
    const file = await program(
      'asks',
      `const before = process.env.TSBUILD_HELPER_STARTED;
      noticeCompanion(process.env);
      const helper = new HelperProcess({path: '/nowhere'}, takeCompanion());
      const fields = await helper.request('scan', ['dir=${directory}', 'path=.']);
      const flags = before.split(':').slice(0, 2).map((fd) =>
        parseInt(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1], 8) & 0o2000000);
      await helper.close();
      console.log(JSON.stringify({
        answered: fields instanceof Map,
        closedForChildren: flags.every((flag) => flag !== 0),
        left: process.env.TSBUILD_HELPER_STARTED ?? 'nothing',
        again: takeCompanion() ?? 'none',
      }));`,
    );
    const {stdout, stderr, status} = start([process.execPath, file]);
    expect({stderr, status}).toEqual({stderr: '', status: 0});
    expect(JSON.parse(stdout)).toEqual({
      answered: true,
      closedForChildren: true,
      left: 'nothing',
      again: 'none',
    });
  });

  it('answers at once, and then as if nothing had been asked', async () => {
    const file = await program(
      'at-once',
      `const {channel} = companionIn(process.env);
      const said = [];
      const ask = (args) => requestAtOnce(channel, 'scan', args, (piece) => said.push(Buffer.from(piece)));
      const fine = ask(['dir=${directory}', 'path=.']);
      const refused = ask(['dir=/nowhere', 'path=.']);
      noticeCompanion(process.env);
      const helper = new HelperProcess({path: '/nowhere'}, takeCompanion());
      const again = [];
      await helper.request('scan', ['dir=${directory}', 'path=.'], {onData: (bytes) => again.push(Buffer.from(bytes))});
      await helper.close();
      const [one, other] = [said, again].map((pieces) => Buffer.concat(pieces).toString('hex'));
      console.log(JSON.stringify({fine, refused, bytes: one.length > 100, same: one === other}));`,
    );
    const {stdout, stderr, status} = start([process.execPath, file]);
    expect({stderr, status}).toEqual({stderr: '', status: 0});
    expect(JSON.parse(stdout)).toEqual({fine: true, refused: false, bytes: true, same: true});
  });

  it('knows what the program was called with, but not what shells change', async () => {
    const file = await program('call', 'noticeCompanion(process.env); console.log(calledWith());');
    const callOf = (args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string) =>
      start([process.execPath, file, ...args], env, cwd).stdout.trim();
    const call = callOf(['a']);
    expect(call).toMatch(/^[0-9a-f]{64}$/);
    const passing = {OLDPWD: '/x', PWD: '/y', SHLVL: '9', _: '/z', TSBUILD_HELPER_STARTED: '7:8'};
    expect(callOf(['a'], passing)).toBe(call);
    const others = [
      callOf(['b']),
      callOf(['a', '']),
      callOf(['a'], {A: '1'}),
      callOf(['a'], {A: '2'}),
      callOf(['a'], {}, '/'),
    ];
    expect(new Set([call, ...others]).size).toBe(6);
  });

  it('tells its last words when it ends by itself', async () => {
    const file = await program(
      'offends',
      `const [channel] = process.env.TSBUILD_HELPER_STARTED.split(':');
      noticeCompanion(process.env);
      const helper = new HelperProcess({path: '/nowhere'}, takeCompanion());
      require('node:fs').writeSync(Number(channel), Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 99, 0, 0, 0]));
      await helper.request('sync', ['dir=/']).catch((error) => console.log(JSON.stringify(error.diagnostics)));`,
    );
    const {stdout} = start([process.execPath, file]);
    expect(JSON.parse(stdout)).toMatchObject([
      {message: 'the helper ended', notes: [expect.stringContaining('unknown frame type 99')]},
    ]);
  });

  it('ends with its program, however that ends', async () => {
    const child = spawn(locateHelper(process.env), [
      'start',
      'sh',
      '-c',
      'echo $TSBUILD_HELPER_STARTED; read x',
    ]);
    await once(child.stdout, 'data');
    const {stdout} = spawnSync('pgrep', ['-P', String(child.pid), '-f', 'tsbuild-helper serve'], {
      encoding: 'utf8',
    });
    const pid = stdout.trim();
    expect(pid).toMatch(/^\d+$/);
    child.kill('SIGKILL');
    for (let round = 0; round < 500 && existsSync(`/proc/${pid}`); round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('hands over arguments, exit status and standard streams, closed ones too', () => {
    const ended = start(['sh', '-c', 'echo "$1"; echo err >&2; exit 5', 'sh', "a b'c"]);
    expect([ended.stdout, ended.stderr, ended.status]).toEqual(["a b'c\n", 'err\n', 5]);
    const script = join(directory, 'closed.sh');
    writeFileSync(script, `exec "$1" start sh -c 'echo "$TSBUILD_HELPER_STARTED"; exit 4' <&- 2>&-\n`);
    const closed = spawnSync('sh', [script, locateHelper(process.env)], {encoding: 'utf8'});
    expect([closed.stdout, closed.status]).toEqual([
      expect.stringMatching(/^1\d:1\d:sha256:[0-9a-f]{64}\n$/),
      4,
    ]);
  });

  it('is left out where there is no room for its descriptors, and does not believe in an inherited one', () => {
    const many = 'ulimit -n 10; exec "$1" start sh -c \'echo "${TSBUILD_HELPER_STARTED:-none}"\'';
    const {stdout} = spawnSync('sh', ['-c', many, 'sh', locateHelper(process.env)], {
      env: {...process.env, TSBUILD_HELPER_STARTED: '0:1'},
      encoding: 'utf8',
    });
    expect(stdout).toBe('none\n');
  });

  it('may open as many files as one that Node starts, and shows nothing of the arguments to others', async () => {
    const file = await program(
      'limits',
      `noticeCompanion(process.env);
      const {execFileSync} = require('node:child_process');
      const helper = new HelperProcess({path: '/nowhere'}, takeCompanion());
      await helper.request('sync', ['dir=/']);
      const pid = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'tsbuild-helper serve']).toString().trim();
      const [, soft, hard] = /open files +(\\d+) +(\\d+)/.exec(readFileSync('/proc/' + pid + '/limits', 'utf8'));
      const shown = readFileSync('/proc/' + pid + '/cmdline', 'utf8');
      console.log(JSON.stringify([soft === hard, shown.includes('SECRET')]));
      await helper.close();`,
    );
    const few = 'ulimit -Sn 64; exec "$@"';
    const args = [
      '-c',
      few,
      'sh',
      locateHelper(process.env),
      'start',
      process.execPath,
      file,
      'TOKEN=SECRET',
    ];
    const {stdout, stderr} = spawnSync('sh', args, {encoding: 'utf8'});
    expect([stderr, JSON.parse(stdout)]).toEqual(['', [true, false]]);
  });

  it('says when the program is not there', () => {
    const {stderr, status} = start([join(directory, 'nothing')]);
    expect(stderr).toBe(`tsbuild: cannot start ${join(directory, 'nothing')}: No such file or directory\n`);
    expect(status).toBe(127);
  });
});
