// What the steps of one build get of networks: the kind of network, /etc/hosts and /etc/resolv.conf. The default is a
// network of its own for each step; where that cannot be had it is the host's, and the user is told so, once.

import {readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {DnsConfig} from '../config/config.ts';
import {buildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {type Helper, HelperError} from '../helper/helper.ts';
import {systemClock} from '../util/clock.ts';
import {type ExtraHost, hostsText} from './hosts-file.ts';
import {type Lease, takeLease} from './lease.ts';
import {makeMountPoints} from './mount-points.ts';
import {
  configured,
  hasOnlyLoopback,
  parseResolvConf,
  type ResolvConf,
  reachable,
  resolvConfText,
} from './resolv-conf.ts';

export interface StepNetworksOptions {
  readonly helper: () => Promise<Helper>;
  /** A new directory for files that steps see. */
  readonly makeDirectory: () => Promise<string>;
  /** Takes it, when no step needs it any more. */
  readonly discard: (directory: string) => void;
  readonly dns: DnsConfig;
  readonly warn: (diagnostic: Diagnostic) => void;
}

export interface NetworkedStep {
  readonly network: 'default' | 'none' | 'host';
  readonly hostname: string;
  readonly extraHosts: readonly ExtraHost[];
}

interface HostResolvConf {
  readonly text: string;
  readonly parsed: ResolvConf;
  readonly readMs: number;
}

const hostResolvConf = '/etc/resolv.conf';
/** The servers behind the stub of systemd-resolved (systemd-resolved.service(8)). */
const behindStub = '/run/systemd/resolve/resolv.conf';
const loopback = '127.0.0.1';
/** For so long the host's resolv.conf is as it was: steps that follow each other closely do not read it each. */
const hostFreshMs = 500;

export class StepNetworks {
  readonly #options: StepNetworksOptions;
  readonly #files = new Map<string, Promise<string>>();
  #directory: Promise<string> | undefined;
  #lease: Promise<Lease | undefined> | undefined;
  #mountPoints: Promise<string> | undefined;
  #host: HostResolvConf | undefined;
  /** What the last step got: the next one mostly gets the same. */
  #last:
    | {readonly for: NetworkedStep; readonly host: HostResolvConf; readonly args: readonly string[]}
    | undefined;

  constructor(options: StepNetworksOptions) {
    this.#options = options;
  }

  /** `network=`, `hosts=` and `resolv=` for the helper's `run`. */
  async argumentsFor(step: NetworkedStep): Promise<readonly string[]> {
    const {network, hostname, extraHosts} = step;
    const lease = network === 'default' ? await this.#leased() : undefined;
    const host = this.#hostResolvConf();
    // There is one lease for all steps.
    if (this.#last?.host === host && isSame(this.#last.for, step)) return this.#last.args;
    const shared = network === 'host' || (network === 'default' && lease === undefined);
    const [hosts, resolv] = await Promise.all([
      this.#file('hosts', hostsText(hostname, extraHosts, lease?.hostAddress ?? loopback)),
      this.#file('resolv.conf', resolvConfText(this.#resolvConf(host.parsed, shared, lease))),
    ]);
    const kind = lease?.argument ?? (shared ? 'host' : 'none');
    const args = [`network=${kind}`, `hosts=${hosts}`, `resolv=${resolv}`];
    this.#last = {for: step, host, args};
    return args;
  }

  /** A layer with places for what every step has mounted. */
  mountPoints(): Promise<string> {
    this.#directory ??= this.#options.makeDirectory();
    this.#mountPoints ??= this.#directory.then(makeMountPoints);
    return this.#mountPoints;
  }

  /** Ends the steps' way out and gives up the files. */
  async close(): Promise<void> {
    (await this.#lease?.catch(() => undefined))?.giveBack();
    const directory = await this.#directory?.catch(() => undefined);
    if (directory !== undefined) this.#options.discard(directory);
  }

  async #leased(): Promise<Lease | undefined> {
    this.#lease ??= this.#take();
    const lease = await this.#lease;
    const lost = lease?.lostBecause();
    if (lost === undefined) return lease;
    throw buildError(
      'environment',
      'network-lost',
      `the network of this build's steps is gone: ${lost.message}`,
      {
        cause: lost,
      },
    );
  }

  async #take(): Promise<Lease | undefined> {
    try {
      return await takeLease(await this.#options.helper());
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      this.#options.warn(sharedWarning(error.message));
      return undefined;
    }
  }

  /** The host's may change while a build lasts. */
  #resolvConf(host: ResolvConf, shared: boolean, lease: Lease | undefined): ResolvConf {
    const {dns} = this.#options;
    if (dns.nameservers.length > 0 || (shared && host.nameservers.length > 0)) return configured(host, dns);
    const behind = hasOnlyLoopback(host) ? parseResolvConf(readOrEmpty(behindStub)) : host;
    const known = behind.nameservers.length > 0 ? behind : host;
    return reachable(configured(known, dns), {ipv6: lease?.ipv6 ?? false, hostResolver: lease?.hostResolver});
  }

  #hostResolvConf(): HostResolvConf {
    const nowMs = systemClock.nowMs();
    const last = this.#host;
    if (last !== undefined && Math.abs(nowMs - last.readMs) < hostFreshMs) return last;
    const text = readOrEmpty(hostResolvConf);
    const parsed = last?.text === text ? last.parsed : parseResolvConf(text);
    this.#host = {text, parsed, readMs: nowMs};
    return this.#host;
  }

  /** Steps with the same text see the same file. */
  #file(name: string, text: string): Promise<string> {
    const key = `${name}\0${text}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const number = this.#files.size;
    this.#directory ??= this.#options.makeDirectory();
    const made = this.#directory.then(async (directory) => {
      const path = join(directory, `${number}-${name}`);
      await writeFile(path, text, {mode: 0o644});
      return path;
    });
    this.#files.set(key, made);
    return made;
  }
}

function isSame(a: NetworkedStep, b: NetworkedStep): boolean {
  const hasNoHosts = a.extraHosts.length + b.extraHosts.length === 0;
  return a.network === b.network && a.hostname === b.hostname && hasNoHosts;
}

function sharedWarning(reason: string): Diagnostic {
  return {
    severity: 'warning',
    code: 'network-shared',
    // All in one, since warnings are listed by their messages.
    message: `steps share the network of the host, because they cannot have their own here: ${reason}; tsbuild doctor tells what mends it, --network=host that this is meant`,
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
