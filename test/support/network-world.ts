// Network namespaces for tests, so that nothing of the machine's own network is touched: a router, which is what the
// helper takes for its host, and the world behind it. Each is held by a process that sleeps.

import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {chmodSync, readFileSync, writeFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {type Lease, takeLease} from '../../src/network/lease.ts';
import {whyMissing} from './packages.mjs';
import type {Layer, RunOutcome, SandboxWorld} from './sandbox-world.ts';
import {until} from './until.ts';

const routerAddress = '203.0.113.1';
export const worldAddress = '203.0.113.2';

/** Why the tests cannot run here, or undefined. With TSBUILD_SYSTEM_MUST_WORK=1 that is a failure, not a skip. */
export function whyNoNetworks(): string | undefined {
  try {
    const missing = whyMissing('ip', 'iptables');
    if (missing !== undefined) throw new Error(missing);
    execFileSync('unshare', ['--net', 'true'], {stdio: 'pipe'});
    return undefined;
  } catch (error) {
    const reason = `no network namespaces: ${error instanceof Error ? error.message : error}`;
    if (process.env['TSBUILD_SYSTEM_MUST_WORK'] === '1') throw new Error(reason);
    return reason;
  }
}

interface ShellOptions extends Partial<Pick<Layer, 'view'>> {
  /** Called with all that it has said so far. */
  readonly onOutput?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface Staying extends AsyncDisposable {
  /** Of its sandbox, which is there until this is disposed of. */
  readonly address: string;
}

export class NetworkWorld {
  readonly #sandboxes: SandboxWorld;
  readonly #held: ChildProcess[] = [];
  readonly #helpers: HelperProcess[] = [];
  #router = '';
  #world = '';
  #names = 0;

  constructor(sandboxes: SandboxWorld) {
    this.#sandboxes = sandboxes;
  }

  async start(): Promise<void> {
    this.#router = await this.#hold();
    this.#world = await this.#hold();
    this.inRouter(
      'ip',
      'link',
      'add',
      'up0',
      'mtu',
      '1400',
      'type',
      'veth',
      'peer',
      'name',
      'up0',
      'netns',
      this.#world,
    );
    this.inRouter('ip', 'addr', 'add', `${routerAddress}/24`, 'dev', 'up0');
    this.inWorld('ip', 'addr', 'add', `${worldAddress}/24`, 'dev', 'up0');
    for (const device of ['lo', 'up0']) {
      this.inRouter('ip', 'link', 'set', device, 'up');
      this.inWorld('ip', 'link', 'set', device, 'up');
    }
    this.inRouter('ip', 'route', 'add', 'default', 'via', worldAddress);
  }

  inRouter(...command: string[]): string {
    return inNamespace(this.#router, command);
  }

  inWorld(...command: string[]): string {
    return inNamespace(this.#world, command);
  }

  /** Serves the text over HTTP to whoever reaches `ADDRESS:PORT`. */
  async serve(where: 'router' | 'world', address: string, text: string): Promise<void> {
    const folder = this.#sandboxes.makeDirectory(`served-${++this.#names}`);
    writeFileSync(`${folder}/index.html`, text);
    const pid = where === 'router' ? this.#router : this.#world;
    const words = ['--target', pid, '--net', 'busybox', 'httpd', '-f', '-p', address, '-h', folder];
    const port = Number(address.slice(address.lastIndexOf(':') + 1))
      .toString(16)
      .toUpperCase()
      .padStart(4, '0');
    const listening = new RegExp(`:${port} 0+:0000 0A`);
    this.#held.push(spawn('nsenter', words, {stdio: 'ignore'}));
    await until(() => listening.test(inNamespace(pid, ['cat', '/proc/net/tcp', '/proc/net/tcp6'])));
  }

  /** What goes before a command that is to have the router for its host. */
  get routerCommand(): readonly string[] {
    return ['nsenter', '--target', this.#router, '--net', '--mount'];
  }

  /** A helper whose host is the router; `wrapper` goes before its name. */
  startHelper(wrapper = '', program = locateHelper(process.env)): HelperProcess {
    const command = `exec ${this.routerCommand.join(' ')} ${wrapper} ${program} "$@"`;
    const path = this.#sandboxes.write(`helper-${++this.#names}.sh`, `#!/bin/sh\n${command}\n`);
    chmodSync(path, 0o755);
    const helper = new HelperProcess({path});
    this.#helpers.push(helper);
    return helper;
  }

  lease(helper: HelperProcess): Promise<Lease> {
    return takeLease(helper);
  }

  /** A shell script in a sandbox with the network of the lease. */
  async shell(
    helper: HelperProcess,
    lease: string,
    script: string,
    {view = this.#sandboxes.newLayer().view, onOutput, signal}: ShellOptions = {},
  ): Promise<RunOutcome> {
    const out: Buffer[] = [];
    const collect = (bytes: Uint8Array): void => {
      out.push(Buffer.from(bytes));
      onOutput?.(Buffer.concat(out).toString());
    };
    const args = [...view, `network=${lease}`, 'arg=/bin/sh', 'arg=-c', `arg=${script}`];
    const result = await helper.request('run', args, {
      onStdout: collect,
      onStderr: collect,
      ...(signal === undefined ? {} : {signal}),
    });
    return {result, stdout: Buffer.concat(out).toString(), stderr: ''};
  }

  /** Runs the script in a sandbox that stays after it. */
  async stay(helper: HelperProcess, lease: string, script: string, layer?: Layer): Promise<Staying> {
    const ending = new AbortController();
    let run: Promise<unknown> = Promise.resolve();
    const address = await new Promise<string>((resolve, reject) => {
      const onOutput = (text: string): void => {
        const found = /inet ([\d.]+) .*\n/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      };
      const whole = `${script} && busybox ip -o -4 addr show eth0 && exec sleep 1000`;
      const options = {...(layer === undefined ? {} : {view: layer.view}), onOutput, signal: ending.signal};
      run = this.shell(helper, lease, whole, options).then(
        ({stdout}) => reject(new Error(`it has ended: ${stdout}`)),
        reject,
      );
    });
    return {
      address,
      async [Symbol.asyncDispose]() {
        ending.abort();
        await run;
      },
    };
  }

  /** Interfaces of sandboxes in the router, when those that are going have gone. */
  async left(): Promise<string[]> {
    let found: string[] = [];
    for (let waited = 0; waited < 30_000; waited += 50) {
      found = this.inRouter('ip', '-brief', 'link').match(/^tsb\d+/gm) ?? [];
      if (found.length === 0) break;
      await sleep(50);
    }
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.close()));
    for (const child of this.#held) child.kill('SIGKILL');
  }

  async #hold(): Promise<string> {
    // Mounts, too: a helper that is started in there has them to itself.
    const child = spawn('unshare', ['--net', '--mount', 'sleep', '1000'], {stdio: 'ignore'});
    this.#held.push(child);
    await until(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
    return String(child.pid);
  }
}

function inNamespace(pid: string, command: readonly string[]): string {
  return execFileSync('nsenter', ['--target', pid, '--net', ...command], {encoding: 'utf8'});
}
