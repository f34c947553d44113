// What RUN steps reach of the machine they run on, and that nothing of their networks stays on it.

import {execFileSync, spawn} from 'node:child_process';
import {copyFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {needCommand, needRoot} from './requirements.ts';

let space: Workspace;
const servers: Server[] = [];

beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await space?.[Symbol.asyncDispose]();
});

/** The port of an HTTP server of this machine. */
async function serve(address: string, text: string): Promise<number> {
  const server = createServer((_, response) => response.end(text));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

const fetch = (host: string, port: number) =>
  `timeout 20 wget -q -O - http://${host}:${port}/ || echo nothing`;

/** A network namespace that other builds on this machine, and what they make, do not touch. */
class PrivateMachine {
  readonly #holder = spawn('unshare', ['--net', 'sleep', '1000'], {stdio: 'ignore'});
  readonly wrapper = ['nsenter', '--target', String(this.#holder.pid), '--net'];

  end(): void {
    this.#holder.kill('SIGKILL');
  }

  interfaces(): string[] {
    const [program = '', ...words] = [...this.wrapper, 'cat', '/proc/self/net/dev'];
    return execFileSync(program, words, {encoding: 'utf8'}).match(/tsb\d+/g) ?? [];
  }

  async interfacesGone(): Promise<string[]> {
    for (let waited = 0; waited < 30_000 && this.interfaces().length > 0; waited += 50) await sleep(50);
    return this.interfaces();
  }

  /** A context with a stage `base` that needs no registry. */
  async context(rest: string): Promise<string> {
    const links = ['sh', 'echo', 'ip', 'sleep'].map(
      (name) => `["/busybox", "ln", "-s", "/busybox", "/bin/${name}"]`,
    );
    const base = [
      'FROM scratch AS base',
      'COPY busybox /',
      'WORKDIR /bin',
      ...links.map((link) => `RUN ${link}`),
    ];
    const context = await space.context({Dockerfile: `${base.join('\n')}\nWORKDIR /\n${rest}`});
    await copyFile('/bin/busybox', join(context, 'busybox'));
    return context;
  }
}

describe('the network of a RUN step', () => {
  it('leads to the host by host-gateway, and not to its localhost', async (test) => {
    needRoot(test);
    const [open, closed] = [await serve('0.0.0.0', 'hello there'), await serve('127.0.0.1', 'private')];
    const context = await space.context({
      Dockerfile: `FROM busybox
RUN echo "open: $(${fetch('me', open)}) $(${fetch('127.0.0.1', open)})"
RUN echo "closed: $(${fetch('me', closed)}) $(${fetch('127.0.0.1', closed)})"
RUN --network=none echo "none: $(${fetch('me', open)})"
`,
    });
    const {stderr} = await space.build(['--no-cache', '--add-host', 'me=host-gateway', context]);
    expect(stderr).toMatch(/ open: hello there nothing$/m);
    expect(stderr).toMatch(/ closed: nothing nothing$/m);
    expect(stderr).toMatch(/ none: nothing$/m);
    expect(stderr).not.toContain('network-shared');
  });

  it('is that of the host where it is asked for and allowed', async () => {
    const port = await serve('127.0.0.1', 'private');
    const context = await space.context({Dockerfile: `FROM busybox\nRUN ${fetch('127.0.0.1', port)}\n`});
    const {stderr} = await space.build(['--no-cache', '--network=host', context]);
    expect(stderr).toMatch(/ private$/m);
  });

  it('is the host’s, with one warning, where there is no other', async (test) => {
    needRoot(test);
    needCommand(test, 'setpriv');
    const port = await serve('127.0.0.1', 'private');
    const context = await space.context({
      Dockerfile: `FROM busybox\nRUN ${fetch('127.0.0.1', port)}\nRUN ${fetch('localhost', port)} && true\n`,
    });
    const {stderr} = await space.build(['--no-cache', context], {
      wrapper: ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'],
    });
    expect(stderr.match(/ private$/gm)).toHaveLength(2);
    expect(stderr.match(/network-shared/g)).toHaveLength(1);
    expect(stderr).toMatch(/steps share the network of the host, .*operation not permitted/);
  });
});

describe('the networks of many steps', () => {
  let machine: PrivateMachine;
  beforeAll(() => {
    machine = new PrivateMachine();
  });
  afterAll(() => machine.end());

  it('have an address each, whatever builds run side by side, and leave nothing', async (test) => {
    needRoot(test);
    const stages = [1, 2, 3].map(
      (number) =>
        `FROM base AS s${number}\nRUN echo ${number} > told && ip -o -4 addr show eth0 && sleep 3\n`,
    );
    const copies = [1, 2, 3].map((number) => `COPY --from=s${number} /told /told${number}\n`);
    const context = await machine.context(`${stages.join('')}FROM scratch\n${copies.join('')}`);
    const roots = ['one', 'other'].map((name) => `${space.folder}/${name}`);
    const {wrapper} = machine;
    const builds = await Promise.all(
      roots.map((root) => space.build(['--no-cache', context], {root, wrapper})),
    );
    const told = builds.flatMap(({stderr}) => stderr.match(/ inet \S+ peer/g) ?? []);
    expect(told).toHaveLength(6);
    expect(new Set(told).size).toBeGreaterThanOrEqual(3);
    expect(await machine.interfacesGone()).toEqual([]);
  });

  it('leave nothing when all of a build is killed', async (test) => {
    needRoot(test);
    const context = await machine.context(`FROM base\nRUN echo started && sleep 1000 # ${space.mark}\n`);
    const running = space.start(['build', '--progress', 'plain', '--no-cache', context], {
      wrapper: machine.wrapper,
    });
    await running.until(/ started$/m);
    // Of which number depends on how soon the kernel took those of the steps before away.
    expect(machine.interfaces()).not.toEqual([]);
    process.kill(-(running.child.pid ?? 0), 'SIGKILL');
    await running.done;
    expect(await space.leftovers()).toEqual([]);
    expect(await machine.interfacesGone()).toEqual([]);
  });
});
