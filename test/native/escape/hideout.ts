// The sandboxes that the escape suite tries: ours in several forms, podman's, and none at all. Each run is started in
// the midst of things it must not reach (plant.c), and gives the outcome of each attempt by name.

import {execFileSync, spawnSync} from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {join} from 'node:path';
import {HelperProcess} from '../../../src/helper/helper-process.ts';
import {locateHelper} from '../../../src/helper/locate-helper.ts';
import {systemCallArguments} from '../../../src/ops/exec/system-call-filter.ts';
import {childrenOf} from '../../support/children-of.ts';
import {sandboxFacts} from '../../support/sandbox-facts.ts';
import {type Layer, SandboxWorld} from '../../support/sandbox-world.ts';
import {until} from '../../support/until.ts';

/** `escaped`, or what held it: the name of an errno. */
export type Outcomes = ReadonlyMap<string, string>;

/** What a worker tells of steps that it does one after the other. */
export interface Succession {
  /** A step that comes after others makes all attempts. */
  readonly attempts: readonly Outcomes[];
  /** What the first step finds, and what steps find that come after attempts. */
  readonly first: string;
  readonly after: readonly string[];
  /** The processes of all of them. */
  readonly workers: ReadonlySet<number>;
}

const ordinaryId = 54321;

export class Hideout {
  readonly #world = new SandboxWorld();
  readonly #planted = this.#world.makeDirectory('planted');
  readonly #values: readonly string[];
  readonly #attempts: string;
  readonly #helper = this.#world.path('helper');

  private constructor(port: number) {
    const sources = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(import.meta.dirname, name));
    this.#attempts = join(this.#world.base, 'bin/attempts');
    execFileSync('gcc', ['-static', '-O1', '-o', this.#attempts, ...sources]);
    copyFileSync(locateHelper(process.env), this.#helper);
    chmodSync(this.#helper, 0o755);
    mkdirSync(join(this.#planted, 'mounted'));
    writeFileSync(join(this.#planted, 'canary'), 'tsbuild-canary\n');
    chmodSync(join(this.#planted, 'canary'), 0o666);
    this.#values = [`directory=${this.#planted}`, `disk=${this.#disk()}`, `port=${port}`, 'pid=starter'];
  }

  static async make(): Promise<Hideout> {
    return new Hideout(await freePort());
  }

  names(): string[] {
    return execFileSync(this.#attempts, ['list'], {encoding: 'utf8'}).trim().split('\n');
  }

  async ours(form: 'root' | 'rootless' | 'unfiltered' | 'insecure' | 'host-network'): Promise<Outcomes> {
    const insecure = form === 'insecure';
    const {view} = this.#newLayer(form);
    const filter = insecure || form === 'unfiltered' ? [] : await systemCallArguments('sandbox');
    return this.#plant([
      ...(form === 'rootless' ? asOrdinaryUser : []),
      this.#helper,
      'run',
      ...view,
      `network=${form === 'host-network' ? 'host' : 'none'}`,
      ...(insecure ? ['insecure=1'] : []),
      ...filter,
      ...['arg=/bin/attempts', 'arg=run', ...this.#values.map((value) => `arg=${value}`)],
      ...['mount=cache', 'target=/cache', `dir=${this.#planted}`],
      ...['mount=cache', 'target=/readonly', `dir=${this.#planted}`, ...(insecure ? [] : ['ro=1'])],
      ...['mount=tmpfs', 'target=/scratch'],
    ]);
  }

  /**
   * Steps of workers that take one after the other, two in turn. They have no directories of the host, or each would
   * have a worker to itself, and a base with all mount points.
   */
  async inSuccession(form: 'root' | 'rootless'): Promise<Succession> {
    const before = form === 'rootless' ? asOrdinaryUser : [];
    const words = [this.#attempts, 'plant', ...this.#values, '--', ...before, this.#helper];
    const start = this.#world.write(`start-${form}`, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    chmodSync(start, 0o755);
    for (const name of ['dev', 'proc', 'sys', 'tmp', 'scratch']) this.#world.makeDirectory(`points/${name}`);
    const helper = new HelperProcess({path: start});
    const filter = await systemCallArguments('sandbox');
    const step = async (...words: string[]): Promise<string> => {
      const out: Buffer[] = [];
      const {view} = this.#newLayer(form, [this.#world.base, this.#world.path('points')]);
      const args = [...view, 'network=none', ...filter, ...words.map((word) => `arg=${word}`)];
      await helper.request('run', [...args, 'mount=tmpfs', 'target=/scratch'], {
        onStdout: (bytes) => out.push(Buffer.from(bytes)),
      });
      return Buffer.concat(out).toString();
    };
    const steps = async (...words: string[]): Promise<string[]> => [
      await step(...words),
      await step(...words),
    ];
    const facts = ['/bin/sh', '-c', sandboxFacts];
    try {
      const first = await step(...facts);
      for (let round = 0; round < 2; round++) await steps('/bin/true');
      await until(() => this.#workers().length === 2);
      const values = this.#values.map((value) => value.replace('starter', `${this.#starters()[0]}`));
      const workers = new Set(this.#workers());
      const attempts = await steps('/bin/attempts', 'run', ...values);
      const after = await steps(...facts);
      for (const worker of this.#workers()) workers.add(worker);
      return {attempts: attempts.map(outcomesOf), first, after, workers};
    } finally {
      await helper.close();
    }
  }

  /** These attempts with nothing around them. They do no harm; mounts are of a namespace that ends with them. */
  outside(names: readonly string[]): Outcomes {
    // Layers that are named by their paths, and a /dev/shm that allows devices.
    const mounts = [
      'mount --make-rprivate /',
      'mount -t overlay -o "lowerdir=$1:$0" overlay "$0/mounted"',
      'mount -t tmpfs devices /dev/shm',
    ];
    const script = `${mounts.join(' && ')} && shift && exec "$@"`;
    const inNamespace = ['unshare', '-m', 'sh', '-c', script, this.#planted, this.#world.base];
    // `layer=` is what an attempt looks for in the arguments of others; here it finds its own.
    return this.#plant([...inNamespace, this.#attempts, 'run', ...this.#values, ...names, 'layer=']);
  }

  /** These attempts below another root, with all that root of the host may do, and a /proc of processes outside of it. */
  chrooted(processes: 'host' | 'own', names: readonly string[]): Outcomes {
    const root = this.#world.makeDirectory('changed-root');
    this.#world.makeDirectory('changed-root/proc');
    copyFileSync(this.#attempts, join(root, 'attempts'));
    const script = 'mount --make-rprivate / && mount --rbind /proc "$0/proc" && chroot "$0" "$@"; exit $?';
    // Not all hosts let their pid 1 be looked at: in a pid namespace it is the shell that stays outside of the root.
    const ownInit = processes === 'own' ? ['-p', '-f', '--mount-proc'] : [];
    const inNamespace = ['unshare', '-m', ...ownInit, 'sh', '-c', script, root];
    return this.#plant([...inNamespace, '/attempts', 'run', ...this.#values, ...names]);
  }

  /** podman's container on a root file system like ours; when it cannot run here, the reason. */
  podman(form: 'root' | 'rootless'): Outcomes | string {
    const place = this.#world.makeDirectory(`podman-${form}`);
    // An ordinary user can use only what is its own.
    const [planted = '', base = ''] = [this.#planted, this.#world.base].map((path, index) => {
      const copy = join(place, ['planted', 'base'][index] ?? '');
      cpSync(path, copy, {recursive: true, verbatimSymlinks: true});
      return copy;
    });
    if (form === 'rootless') execFileSync('chown', ['-R', `${ordinaryId}:${ordinaryId}`, place]);
    const homes = ['HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'];
    const user =
      form === 'root' ? [] : [...asOrdinaryUser, 'env', ...homes.map((name) => `${name}=${place}`)];
    const storage = ['root', 'runroot'].map((name) => `--${name}=${place}/${name}`);
    // cgroups of both versions at once are not for every OCI runtime; limits that root here may not raise neither. An
    // ordinary user's podman leaves a process behind, which ends with the namespace.
    const tidy =
      'mount --make-rprivate / && { umount /sys/fs/cgroup/unified 2>/dev/null || true; } && exec "$@"';
    try {
      return this.#plant([
        ...['unshare', '-m', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-c', tidy, 'sh', ...user],
        ...['podman', ...storage, '--storage-driver=vfs', 'run', '--rm'],
        ...['--cgroups=disabled', '--network=none', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000'],
        ...[`-v=${planted}:/cache`, `-v=${planted}:/readonly:ro`, '--tmpfs=/scratch'],
        ...['--rootfs', base, '/bin/attempts', 'run', ...this.#values],
      ]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async close(): Promise<void> {
    await this.#world.close();
  }

  /** What started the helper that serves. */
  #starters(): readonly number[] {
    const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return childrenOf(process.pid).filter((pid) => commandOf(pid).startsWith(this.#attempts));
  }

  #workers(): readonly number[] {
    return this.#starters().flatMap(childrenOf).flatMap(childrenOf);
  }

  #newLayer(form: string, layers = [this.#world.base]): Layer {
    const layer = this.#world.newLayer(layers);
    if (form === 'rootless') {
      for (const part of layer.view.slice(-2)) chownSync(part.replace(/^\w+=/, ''), ordinaryId, ordinaryId);
    }
    return layer;
  }

  #plant(command: readonly string[]): Outcomes {
    const run = spawnSync(this.#attempts, ['plant', ...this.#values, '--', ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (run.status !== 0) throw new Error(`attempts ended with ${run.status}: ${run.stderr}`);
    return outcomesOf(run.stdout);
  }

  /** A block device that root can open here, of the host's root file system if possible. */
  #disk(): string {
    const number = Number(execFileSync('stat', ['-c', '%d', '/'], {encoding: 'utf8'}));
    const own = `${Math.floor(number / 256)}:${number % 256}`;
    const node = this.#world.path('disk');
    const usable = [own, '7:0', '1:0'].find((device) => {
      const script = 'mknod "$0" b "$1" "$2" && head -c 0 "$0"; status=$?; rm -f "$0"; exit $status';
      return spawnSync('sh', ['-c', script, node, ...device.split(':')]).status === 0;
    });
    return usable ?? own;
  }
}

const asOrdinaryUser = ['setpriv', `--reuid=${ordinaryId}`, `--regid=${ordinaryId}`, '--clear-groups', '--'];

function outcomesOf(output: string): Outcomes {
  return new Map(
    output
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', outcome = '', reason = ''] = line.split(' ');
        return [name, outcome === 'escaped' ? outcome : reason];
      }),
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
