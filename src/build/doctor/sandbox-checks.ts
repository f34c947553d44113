// What only a try can tell: sandboxes. The helper itself is the program that runs in them, so that no image is needed:
// its root is a directory in the place for temporary files, which is removed again.

import {chmodSync, copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Helper} from '../../helper/helper.ts';
import {HelperError} from '../../helper/helper.ts';
import {tryLease} from '../../network/lease.ts';
import {limitArguments} from '../../ops/exec/resource-limits.ts';
import {systemCallArguments} from '../../ops/exec/system-call-filter.ts';
import {explained} from '../../ops/failure.ts';
import {errorText} from '../../util/error-text.ts';
import {type Finding, finding} from './report.ts';

const uidmapFix =
  'apt install uidmap, and as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 YOU';

function networkFix(): string {
  return process.getuid?.() === 0
    ? 'modprobe -a veth bridge nf_tables'
    : 'apt install slirp4netns, and as root: modprobe tun && chmod 0666 /dev/net/tun';
}

/** The finding of a request that failed. */
function failed(name: string, error: unknown, needed: boolean, fix?: string): Finding {
  if (!(error instanceof HelperError)) throw error;
  const {message, hints = []} = explained(error).diagnostics[0];
  const advice = fix ?? (hints.length > 0 ? hints.join('; ') : undefined);
  return finding(name, needed ? 'missing' : 'warning', message, {needed, fix: advice});
}

/** User ids and overlay, as the verb `probe` tries them: in the directory, or on a tmpfs. */
export async function checkProbe(helper: Helper, directory: string | undefined): Promise<readonly Finding[]> {
  let result: ReadonlyMap<string, string>;
  try {
    result = await helper.request('probe', directory === undefined ? [] : [`dir=${directory}`]);
  } catch (error) {
    return [failed('user namespace', error, true)];
  }
  const compress = result.get('compress') ?? '';
  return [idsFinding(result.get('userns')), overlayFinding(result, directory), compressFinding(compress)];
}

function idsFinding(mode: string | undefined): Finding {
  const name = 'user namespace';
  switch (mode) {
    case 'root':
      return finding(name, 'ok', 'not needed: we are root', {needed: true});
    case 'outer':
      return finding(name, 'ok', 'we are root of one that somebody else made', {needed: true});
    case 'ranges':
      return finding(name, 'ok', 'with subordinate ids', {needed: true});
    default: {
      const detail = 'with one id only: everything in images belongs to root, and chown, su and USER fail';
      return finding(name, 'warning', detail, {fix: uidmapFix, needed: true});
    }
  }
}

function overlayFinding(result: ReadonlyMap<string, string>, directory: string | undefined): Finding {
  const where = directory === undefined ? 'a tmpfs' : `the file system of ${directory}`;
  if (result.get('overlay') === '1') {
    const way = result.get('overlayapi') === 'fsopen' ? 'with the new mount calls' : 'with mount(2)';
    return finding('overlay', 'ok', `works on ${where}, ${way}`, {needed: true});
  }
  return finding(
    'overlay',
    'missing',
    `cannot be mounted on ${where} (errno ${result.get('overlayerrno')})`,
    {
      fix: 'choose a --root on ext4, xfs, btrfs or tmpfs (not NFS, not inside of another overlay)',
      needed: true,
    },
  );
}

function compressFinding(formats: string): Finding {
  const missing = ['gzip', 'zstd'].filter((format) => !formats.split(',').includes(format));
  const detail = `the helper writes ${formats.replaceAll(',', ', ')}`;
  if (missing.length === 0) return finding('compression', 'ok', detail);
  return finding('compression', 'warning', `${detail}; not ${missing.join(', ')}`, {
    fix: 'apt install libdeflate-dev libzstd-dev, and build the helper again: make -C native',
  });
}

export class SandboxTry implements Disposable {
  readonly #helper: Helper;
  readonly #root: string;

  constructor(helper: Helper, program: string) {
    this.#helper = helper;
    this.#root = mkdtempSync(join(tmpdir(), 'tsbuild-doctor-'));
    chmodSync(this.#root, 0o755);
    copyFileSync(program, join(this.#root, 'program'));
    chmodSync(join(this.#root, 'program'), 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, {recursive: true, force: true});
  }

  /** Namespaces, mounts, devices, capabilities: everything that comes before a program is run. */
  async checkSandbox(): Promise<Finding> {
    try {
      await this.#run([]);
    } catch (error) {
      return failed('sandbox', error, true);
    }
    return finding('sandbox', 'ok', 'mount, pid, ipc, uts, cgroup and network namespaces, devices, /proc', {
      needed: true,
    });
  }

  async checkFilter(): Promise<Finding> {
    try {
      await this.#run(await systemCallArguments('sandbox'));
    } catch (error) {
      if (error instanceof HelperError)
        return failed('seccomp', error, true, 'use a kernel with CONFIG_SECCOMP_FILTER');
      const fix = 'RUN --security=insecure with --allow security.insecure runs without a filter';
      return finding('seccomp', 'missing', errorText(error), {
        fix,
        needed: true,
      });
    }
    return finding('seccomp', 'ok', "moby's default policy is loaded", {needed: true});
  }

  /** Each controller by a limit of it. */
  async checkLimits(): Promise<Finding> {
    const tried = {
      memory: ['memory', '536870912'],
      cpu: ['cpu-quota', '100000'],
      cpuset: ['cpuset-cpus', '0'],
      pids: ['pids', '100'],
    } as const;
    const works: string[] = [];
    const reasons = new Map<string, string[]>();
    for (const [controller, [name, value]] of Object.entries(tried)) {
      try {
        await this.#run(limitArguments({limits: [{name, value}]}));
        works.push(controller);
      } catch (error) {
        if (!(error instanceof HelperError)) throw error;
        reasons.set(error.message, [...(reasons.get(error.message) ?? []), controller]);
      }
    }
    if (reasons.size === 0) return finding('limits', 'ok', `cgroups: ${works.join(', ')}`);
    const why = [...reasons].map(([reason, controllers]) => `${controllers.join(', ')}: ${reason}`);
    const some = works.length === 0 ? '' : `${works.join(', ')} work; `;
    const fix =
      'run as root, or in a group of your own (cgroup v2): systemd-run --user --scope -p Delegate=yes tsbuild …';
    return finding('limits', 'warning', `${some}${why.join('; ')}`, {fix});
  }

  async checkNetwork(): Promise<Finding> {
    try {
      const lease = await tryLease(this.#helper);
      await this.#run([`network=${lease.argument}`]);
      lease.giveBack();
      const ipv6 = lease.ipv6 ? ' and IPv6' : '';
      return finding('network', 'ok', `each step has its own, with IPv4${ipv6} to the outside`);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      const detail = `steps share the network of the host: ${error.message}`;
      return finding('network', 'warning', detail, {fix: networkFix()});
    }
  }

  /** Throws HelperError when the sandbox cannot be made. A helper that is linked dynamically finds no loader there. */
  async #run(more: readonly string[]): Promise<void> {
    const network = more.some((argument) => argument.startsWith('network=')) ? [] : ['network=none'];
    try {
      await this.#helper.request('run', [
        `dir=${this.#root}`,
        'arg=/program',
        'arg=help',
        ...network,
        ...more,
      ]);
    } catch (error) {
      if (!(error instanceof HelperError) || error.phase !== 'exec') throw error;
    }
  }
}
