// What only a try can tell: sandboxes. The helper itself is the program that runs in them, so that no image is needed:
// its root is a directory in the place for temporary files, or in that of the state, which is removed again.

import {chmodSync, copyFileSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {getSystemErrorMap} from 'node:util';
import type {Helper} from '../../helper/helper.ts';
import {HelperError} from '../../helper/helper.ts';
import {tryLease} from '../../network/lease.ts';
import {limitArguments} from '../../ops/exec/resource-limits.ts';
import {systemCallArguments} from '../../ops/exec/system-call-filter.ts';
import {explained} from '../../ops/failure.ts';
import {namesIn} from '../../store/names-in.ts';
import {errorText} from '../../util/error-text.ts';
import type {Host} from './host.ts';
import {whyOneId} from './id-ranges.ts';
import {type Controller, limitRemedy} from './limit-remedy.ts';
import {networkRemedy, overlayRemedy, type Remedy, sandboxRemedy} from './remedies.ts';
import {type Finding, finding} from './report.ts';

/** The finding of a request that failed. */
function failed(name: string, error: unknown, remedy: Remedy | undefined): Finding {
  if (!(error instanceof HelperError)) throw error;
  const {message, hints = []} = explained(error).diagnostics[0];
  const {why, fix = hints.join('; ')} = remedy ?? {};
  // The helper may have found the reason, too.
  const reason = why === undefined || message.includes(why) ? '' : `: ${why}`;
  return finding(name, 'missing', `${message}${reason}`, {needed: true, fix: fix === '' ? unknownFix : fix});
}

const unknownFix = 'tsbuild doctor has no answer to that: what the kernel says of it is in dmesg';

/** User ids and overlay, as the verb `probe` tries them: in the directory, or on a tmpfs. */
export async function checkProbe(
  host: Host,
  helper: Helper,
  directory: string | undefined,
): Promise<readonly Finding[]> {
  let result: ReadonlyMap<string, string>;
  try {
    result = await helper.request('probe', directory === undefined ? [] : [`dir=${directory}`]);
  } catch (error) {
    return [failed('user namespace', error, remedyOf(host, error))];
  }
  const compress = result.get('compress') ?? '';
  return [
    idsFinding(host, result.get('userns')),
    overlayFinding(host, result, directory),
    compressFinding(compress),
  ];
}

function remedyOf(host: Host, error: unknown): Remedy | undefined {
  return error instanceof HelperError ? sandboxRemedy(host, error) : undefined;
}

function idsFinding(host: Host, mode: string | undefined): Finding {
  const name = 'user namespace';
  switch (mode) {
    case 'root':
      return finding(name, 'ok', 'not needed: we are root', {needed: true});
    case 'outer':
      return finding(name, 'ok', 'we are root of one that somebody else made', {needed: true});
    case 'ranges':
      return finding(name, 'ok', 'with subordinate ids', {needed: true});
    default: {
      const {why, fix} = whyOneId(host);
      const detail = `with one id only, because ${why}: everything in images belongs to root, and chown, su and USER fail`;
      return finding(name, 'warning', detail, {fix, needed: true});
    }
  }
}

function overlayFinding(
  host: Host,
  result: ReadonlyMap<string, string>,
  directory: string | undefined,
): Finding {
  const where = directory === undefined ? 'a tmpfs' : `the file system of ${directory}`;
  if (result.get('overlay') === '1') {
    const way = result.get('overlayapi') === 'fsopen' ? 'with the new mount calls' : 'with mount(2)';
    return finding('overlay', 'ok', `works on ${where}, ${way}`, {needed: true});
  }
  const errno = Number(result.get('overlayerrno'));
  const {why, fix} = overlayRemedy(host, errno, directory ?? '/');
  const said = [
    getSystemErrorMap().get(-errno)?.[1] ?? `errno ${errno}`,
    ...(why === undefined ? [] : [why]),
  ];
  return finding('overlay', 'missing', `cannot be mounted on ${where}: ${said.join('; ')}`, {
    fix,
    needed: true,
  });
}

function compressFinding(formats: string): Finding {
  const missing = ['gzip', 'zstd'].filter((format) => !formats.split(',').includes(format));
  const detail = `the helper writes ${formats.replaceAll(',', ', ')}`;
  if (missing.length === 0) return finding('compression', 'ok', detail);
  return finding('compression', 'warning', `${detail}; not ${missing.join(', ')}`, {
    fix: 'apt install libdeflate-dev libzstd-dev, and build the helper again: make -C native',
  });
}

/** One that limits can be set on; undefined: none is seen here, as in most containers. */
function aBlockDevice(): string | undefined {
  const paths = namesIn('/sys/block').map((name) => `/dev/${name.replaceAll('!', '/')}`);
  return paths.find((path) => statSync(path, {throwIfNoEntry: false})?.isBlockDevice() === true);
}

export class SandboxTry implements Disposable {
  readonly #host: Host;
  readonly #helper: Helper;
  readonly #root: string;

  /** `place`: a directory that can be written to. */
  constructor(
    host: Host,
    helper: Helper,
    {program, place}: {readonly program: string; readonly place: string},
  ) {
    this.#host = host;
    this.#helper = helper;
    this.#root = mkdtempSync(join(place, 'tsbuild-doctor-'));
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
      return failed('sandbox', error, remedyOf(this.#host, error));
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
        return failed('seccomp', error, {fix: 'use a kernel with CONFIG_SECCOMP_FILTER'});
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
    const device = aBlockDevice();
    const tried: Readonly<Record<Controller, readonly [name: string, value: string]>> = {
      memory: ['memory', '536870912'],
      cpu: ['cpu-quota', '100000'],
      cpuset: ['cpuset-cpus', '0'],
      pids: ['pids', '100'],
      // Faster than any: nothing else that runs is slowed down.
      blkio: device === undefined ? ['blkio-weight', '500'] : ['device-read-bps', `${device}:1099511627776`],
    };
    const works: string[] = [];
    const reasons = new Map<string, string[]>();
    const fixes = new Set<string>();
    for (const [controller, [name, value]] of Object.entries(tried) as [Controller, [string, string]][]) {
      try {
        await this.#run(limitArguments({limits: [{name, value}]}));
        works.push(
          controller === 'blkio' && device === undefined
            ? 'blkio (by its group: no block device in /dev)'
            : controller,
        );
      } catch (error) {
        if (!(error instanceof HelperError)) throw error;
        reasons.set(error.message, [...(reasons.get(error.message) ?? []), controller]);
        fixes.add(limitRemedy(this.#host, error, controller));
      }
    }
    if (reasons.size === 0) return finding('limits', 'ok', `cgroups: ${works.join(', ')}`);
    const why = [...reasons].map(([reason, controllers]) => `${controllers.join(', ')}: ${reason}`);
    const some = works.length === 0 ? '' : `${works.join(', ')} work; `;
    return finding('limits', 'warning', `${some}${why.join('; ')}`, {fix: [...fixes].join('; ')});
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
      const {why, fix} = networkRemedy(this.#host, error);
      const detail = `steps share the network of the host: ${error.message}`;
      return finding('network', 'warning', why === undefined ? detail : `${detail}: ${why}`, {fix});
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
