// The sandboxes that the escape suite tries: ours in several forms, podman's, and none at all. Each run is started in
// the midst of things it must not reach (plant.c), and gives the outcome of each attempt by name.

import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {join} from 'node:path';
import {locateHelper} from '../../../src/helper/locate-helper.ts';
import {systemCallArguments} from '../../../src/ops/exec/system-call-filter.ts';
import {SandboxWorld} from '../../support/sandbox-world.ts';

/** `escaped`, or what held it: the name of an errno. */
export type Outcomes = ReadonlyMap<string, string>;

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
    const {view} = this.#world.newLayer();
    const filter = insecure || form === 'unfiltered' ? [] : await systemCallArguments('sandbox');
    if (form === 'rootless') {
      for (const part of view.slice(-2)) chownSync(part.replace(/^\w+=/, ''), ordinaryId, ordinaryId);
    }
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

  /** These attempts with nothing around them. They do no harm; mounts are of a namespace that ends with them. */
  outside(names: readonly string[]): Outcomes {
    const mount = 'mount --make-rprivate / && mount -t tmpfs "$0" "$0/mounted" && exec "$@"';
    const inNamespace = ['unshare', '-m', 'sh', '-c', mount, this.#planted];
    // `layer=` is what an attempt looks for in the arguments of others; here it finds its own.
    return this.#plant([...inNamespace, this.#attempts, 'run', ...this.#values, ...names, 'layer=']);
  }

  chrooted(name: string): Outcomes {
    return this.#plant(['chroot', this.#world.base, '/bin/attempts', 'run', ...this.#values, name]);
  }

  /** podman's container on the same root file system; undefined when it cannot run here, with the reason. */
  podman(): Outcomes | string {
    const storage = ['root', 'runroot'].map((name) => `--${name}=${this.#world.path(`podman-${name}`)}`);
    // cgroups of both versions at once are not for every OCI runtime; limits that root here may not raise neither.
    const tidy =
      'mount --make-rprivate / && { umount /sys/fs/cgroup/unified 2>/dev/null || true; } && exec "$@"';
    try {
      return this.#plant([
        ...[
          'unshare',
          '-m',
          'sh',
          '-c',
          tidy,
          'sh',
          'podman',
          ...storage,
          '--storage-driver=vfs',
          'run',
          '--rm',
        ],
        ...['--cgroups=disabled', '--network=none', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000'],
        ...[`-v=${this.#planted}:/cache`, `-v=${this.#planted}:/readonly:ro`, '--tmpfs=/scratch'],
        ...['--rootfs', this.#world.base, '/bin/attempts', 'run', ...this.#values],
      ]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async close(): Promise<void> {
    await this.#world.close();
  }

  #plant(command: readonly string[]): Outcomes {
    const run = spawnSync(this.#attempts, ['plant', ...this.#values, '--', ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (run.status !== 0) throw new Error(`attempts ended with ${run.status}: ${run.stderr}`);
    return new Map(
      run.stdout
        .trim()
        .split('\n')
        .map((line) => {
          const [name = '', outcome = '', reason = ''] = line.split(' ');
          return [name, outcome === 'escaped' ? outcome : reason];
        }),
    );
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
