// Builds at once that have one cache mount and do not want what is in it (--no-cache), beside others that do, that are
// killed, or that remove it: each keeps the directory that it was given until its step is over. The steps call at a
// gate on this machine, which lets them go on.

import {once} from 'node:events';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {deferred} from '../../src/util/deferred.ts';
import {type Run, type Running, type Workspace, workspaceWithBases} from './command.ts';

/** Where steps say their name, and wait until it is answered. */
class Gate {
  readonly #server: Server;
  readonly #waiting = new Map<string, Socket>();
  #changed = deferred<void>();
  /** The most that have waited at a time. */
  most = 0;
  /** Opens it at once for everybody. */
  isOpen = false;

  constructor() {
    // A step has said all that it says with its name, and waits on.
    this.#server = createServer({allowHalfOpen: true}, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => {
        const name = bytes.toString().trim();
        this.#waiting.set(name, socket);
        socket.once('close', () => this.#waiting.delete(name));
        this.most = Math.max(this.most, this.#waiting.size);
        if (this.isOpen) socket.end('go\n');
        this.#changed.resolve();
        this.#changed = deferred<void>();
      });
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** What a step runs: ends when it may go on. */
  get call(): string {
    return `echo $name | nc 127.0.0.1 ${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until these steps are there; fails with what a build says that ends before. */
  async meet(builds: Readonly<Record<string, Running>>): Promise<void> {
    const early = Object.values(builds).map(({done}) =>
      done.then(({stderr}) => Promise.reject(new Error(`ended before it called:\n${stderr}`))),
    );
    for (const each of early) each.catch(() => undefined);
    while (Object.keys(builds).some((name) => !this.#waiting.has(name))) {
      await Promise.race([this.#changed.promise, ...early]);
    }
  }

  letGo(name: string): void {
    this.#waiting.get(name)?.end('go\n');
  }

  close(): void {
    for (const socket of this.#waiting.values()) socket.destroy();
    this.#server.close();
  }
}

let space: Workspace;
let gate: Gate;
let caches = 0;
let id: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  // Builds that need not fetch anything come to their steps together.
  await space.build(['-o', 'type=cacheonly', await space.context({Dockerfile: 'FROM busybox\nRUN true\n'})]);
});
beforeEach(async () => {
  id = `cache-${++caches}`;
  gate = new Gate();
  await gate.listen();
});
afterEach(() => gate.close());
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** Leaves its name in the cache, calls, and says what is in the cache then. */
function step(sharing: string): string {
  return `RUN --mount=type=cache,id=${id},target=/c,sharing=${sharing} touch /c/$name; ${gate.call} && echo saw $(ls /c)\n`;
}

function start(context: string, name: string, ...flags: readonly string[]): Running {
  const args = ['build', '--progress', 'plain', '--network=host', '-o', 'type=cacheonly'];
  return space.start([...args, '--build-arg', `name=${name}`, ...flags, context]);
}

const saw = ({stderr}: Run): string => /^#\d+ [\d.]+ saw (.*)$/m.exec(stderr)?.[1] ?? stderr;

describe('a cache mount that is forgotten', () => {
  // The last that was made is what stays; of private ones, the next build takes the first, and all were forgotten.
  it.each([
    ['shared', 'four three'],
    ['private', 'four'],
  ])('is another one for each of several builds at once (sharing=%s)', async (sharing, kept) => {
    const context = await space.context({Dockerfile: `FROM busybox\nARG name\n${step(sharing)}`});
    const builds: Record<string, Running> = {};
    for (const name of ['one', 'two', 'three']) {
      builds[name] = start(context, name, '--no-cache');
      await gate.meet(builds);
    }
    for (const [name, build] of Object.entries(builds)) {
      gate.letGo(name);
      expect(saw(await build.done)).toBe(name);
    }
    const next = start(context, 'four');
    await gate.meet({four: next});
    gate.letGo('four');
    expect(saw(await next.done)).toBe(kept);
  });

  it('is still had by one step at a time where it is locked', async () => {
    const context = await space.context({Dockerfile: `FROM busybox\nARG name\n${step('locked')}`});
    gate.isOpen = true;
    const names = ['one', 'two', 'three'];
    const runs = await Promise.all(names.map((name) => start(context, name, '--no-cache').done));
    for (const [index, run] of runs.entries()) expect(saw(run)).toContain(names[index]);
    expect(gate.most).toBe(1);
  });

  it.each(['shared', 'private', 'locked'])(
    'hurts none of many builds that start together, with two steps each (sharing=%s)',
    async (sharing) => {
      const stages = ['a', 'b'].map(
        (stage) => `FROM base AS ${stage}\n${step(sharing)}RUN echo ${stage} > /${stage}\n`,
      );
      const last = 'FROM busybox\nCOPY --from=a /a /\nCOPY --from=b /b /\n';
      const context = await space.context({
        Dockerfile: `FROM busybox AS base\nARG name\n${stages.join('')}${last}`,
      });
      gate.isOpen = true;
      const names = ['1', '2', '3', '4'];
      const runs = await Promise.all(
        names.map((name) => start(context, name, ...(name === '4' ? [] : ['--no-cache'])).done),
      );
      for (const run of runs) expect(run.code, run.stderr).toBe(0);
    },
  );

  it('stays for those who have it when one of them is killed, and goes with the last', async () => {
    const context = await space.context({Dockerfile: `FROM busybox\nARG name\n${step('shared')}`});
    const [one, two] = [start(context, 'one'), start(context, 'two')];
    await gate.meet({one, two});
    const three = start(context, 'three', '--no-cache');
    await gate.meet({three});
    one.child.kill('SIGKILL');
    await one.done;
    // Sweeps what the dead have left, and what is not in use.
    const pruned = await space.run(['prune', '-a', '-f']);
    expect(pruned.code, pruned.stderr).toBe(0);
    gate.letGo('two');
    gate.letGo('three');
    expect([saw(await two.done), saw(await three.done)]).toEqual(['one two', 'three']);
    const listed = await space.run(['cache-mount ls', '--format', '{{.ID}} {{.InUse}}']);
    expect(listed.stdout.toString()).toBe(`${id} false\n`);
    const removed = await space.run(['cache-mount rm', id]);
    expect(removed.code, removed.stderr).toBe(0);
    expect(await space.leftovers()).toEqual([]);
  });
});
