// What tests of the native helper stand on: a directory of their own, a root file system made of one static busybox,
// helper processes, and the decision whether this machine can run them at all.

import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';

const busybox = '/bin/busybox';
const applets =
  'sh cat chmod chown dd echo env find grep head hostname id ip kill ls mkdir mv ping ps rm rmdir sed sleep stat touch true umount wc';

/** Why the tests cannot run here, or undefined. With TSBUILD_SYSTEM_MUST_WORK=1 that is a failure, not a skip. */
export function whyNotHere(): string | undefined {
  const reason = findReason();
  if (reason !== undefined && process.env['TSBUILD_SYSTEM_MUST_WORK'] === '1') throw new Error(reason);
  if (reason !== undefined) process.stderr.write(`helper tests are skipped: ${reason}\n`);
  return reason;
}

function findReason(): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  if (!existsSync(busybox)) return `there is no ${busybox} (package busybox-static)`;
  try {
    execFileSync(locateHelper(process.env), ['probe'], {stdio: 'pipe'});
  } catch (error) {
    return `the helper cannot make sandboxes: ${error instanceof Error ? error.message : error}`;
  }
  return undefined;
}

export interface RunOutcome {
  readonly result: ReadonlyMap<string, string>;
  readonly stdout: string;
  readonly stderr: string;
}

/** A new layer on top of the base, and what it takes to run something in it. */
export interface Layer {
  readonly upper: string;
  readonly view: readonly string[];
}

export class SandboxWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'tsbuild-helper-'));
  readonly base = join(this.directory, 'base');
  readonly #helpers: HelperProcess[] = [];
  #helper: HelperProcess | undefined;
  #layers = 0;

  constructor() {
    chmodSync(this.directory, 0o755);
    makeBase(this.base);
  }

  /** One helper for all requests of a test file. */
  get helper(): HelperProcess {
    this.#helper ??= this.startHelper();
    return this.#helper;
  }

  startHelper(options: {graceMs?: number} = {}): HelperProcess {
    const helper = new HelperProcess({path: locateHelper(process.env), ...options});
    this.#helpers.push(helper);
    return helper;
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  write(name: string, text: string): string {
    const path = this.path(name);
    mkdirSync(join(path, '..'), {recursive: true});
    writeFileSync(path, text);
    return path;
  }

  makeDirectory(name: string): string {
    mkdirSync(this.path(name), {recursive: true});
    return this.path(name);
  }

  newLayer(layers: readonly string[] = [this.base]): Layer {
    const place = this.path(`layer-${++this.#layers}`);
    const upper = join(place, 'fs');
    const work = join(place, 'work');
    mkdirSync(upper, {recursive: true});
    mkdirSync(work);
    return {upper, view: [...layers.map((layer) => `layer=${layer}`), `upper=${upper}`, `work=${work}`]};
  }

  /** As the roots of a build have them: a worker that has to make mount points does one step only. */
  addMountPoints(): void {
    for (const name of ['dev', 'proc', 'sys', 'tmp']) this.makeDirectory(`base/${name}`);
    for (const name of ['hosts', 'resolv.conf']) this.write(`base/etc/${name}`, '');
    chmodSync(this.path('base/tmp'), 0o777);
  }

  /** Runs a shell script on a fresh layer. */
  async shell(script: string, more: readonly string[] = [], layer = this.newLayer()): Promise<RunOutcome> {
    return this.run(layer, [
      ...more.slice(0, firstMount(more)),
      'arg=/bin/sh',
      'arg=-c',
      `arg=${script}`,
      ...more.slice(firstMount(more)),
    ]);
  }

  async run(layer: Layer, more: readonly string[], signal?: AbortSignal): Promise<RunOutcome> {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const result = await this.helper.request('run', [...layer.view, 'network=none', ...more], {
      onStdout: (bytes) => out.push(Buffer.from(bytes)),
      onStderr: (bytes) => err.push(Buffer.from(bytes)),
      ...(signal === undefined ? {} : {signal}),
    });
    return {result, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString()};
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.close()));
    rmSync(this.directory, {recursive: true, force: true});
  }
}

/** Arguments after the first `mount=` belong to mounts. */
function firstMount(args: readonly string[]): number {
  const index = args.findIndex((arg) => arg.startsWith('mount='));
  return index < 0 ? args.length : index;
}

/** busybox, passwd and group, all with an old time, and none of the directories that a sandbox mounts on. */
export function makeBase(base: string): void {
  mkdirSync(join(base, 'bin'), {recursive: true});
  mkdirSync(join(base, 'etc'));
  mkdirSync(join(base, 'root'), {mode: 0o700});
  copyFileSync(busybox, join(base, 'bin', 'busybox'));
  chmodSync(join(base, 'bin', 'busybox'), 0o755);
  for (const applet of applets.split(' ')) symlinkSync('busybox', join(base, 'bin', applet));
  writeFileSync(
    join(base, 'etc', 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbare:x:1002:1002\n',
  );
  writeFileSync(join(base, 'etc', 'group'), 'root:x:0:\nwheel:x:10:root,app\napp:x:1001:\n');
  for (const name of ['root', 'etc', 'bin', '.']) utimesSync(join(base, name), oldTime, oldTime);
}

export const oldTime = 1_000_000_000;
