// Locks between processes: one holder at a time, waiters told without polling, freed by any end of the holder.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {socketLocks} from '../../src/store/lock.ts';
import {deferred} from '../../src/util/deferred.ts';

const never = new AbortController().signal;
const scope = (): string => `test ${process.pid} ${Math.trunc(performance.now() * 1000)}`;

describe('socketLocks', () => {
  it('gives a name to one at a time, and lets the next in when it is free', async () => {
    const locks = socketLocks(scope());
    const gate = deferred<void>();
    const entered = deferred<void>();
    const order: string[] = [];
    const first = locks.withLock('n', never, async () => {
      entered.resolve();
      await gate.promise;
      order.push('first');
    });
    await entered.promise;
    const waiting = deferred<void>();
    const second = locks.withLock(
      'n',
      never,
      async () => order.push('second'),
      () => waiting.resolve(),
    );
    await waiting.promise;
    gate.resolve();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('tells whoever has a name that somebody else wants it', async () => {
    const locks = socketLocks(scope());
    const entered = deferred<void>();
    const first = locks.withLock('n', never, (wanted) => {
      entered.resolve();
      return wanted;
    });
    await entered.promise;
    expect(await locks.withLock('n', never, async () => 'second')).toBe('second');
    await first;
  });

  it('does not let names or scopes get in each other’s way', async () => {
    const one = scope();
    const locks = socketLocks(one);
    const other = socketLocks(`${one} other`);
    await locks.withLock('a', never, () =>
      locks.withLock('b', never, () => other.withLock('a', never, async () => undefined)),
    );
  });

  it('serves forty waiters, each alone', async () => {
    const locks = socketLocks(scope());
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({length: 40}, () =>
        locks.withLock('n', never, async () => {
          inside++;
          most = Math.max(most, inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
  });

  it('frees the name when the work throws', async () => {
    const locks = socketLocks(scope());
    await expect(locks.withLock('n', never, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await expect(locks.withLock('n', never, async () => 1)).resolves.toBe(1);
  });

  it('a waiter that is cancelled leaves with the reason', async () => {
    const locks = socketLocks(scope());
    const gate = deferred<void>();
    const held = deferred<void>();
    const first = locks.withLock('n', never, () => {
      held.resolve();
      return gate.promise;
    });
    await held.promise;
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const second = locks.withLock(
      'n',
      controller.signal,
      async () => 1,
      () => controller.abort(reason),
    );
    await expect(second).rejects.toBe(reason);
    gate.resolve();
    await first;
  });

  it('is free after kill -9 of its holder in another process', async () => {
    const name = scope();
    // The address of src/store/lock.ts, spelt here so that the test notices when it changes.
    const {createHash} = await import('node:crypto');
    const hash = createHash('sha256').update(`${name}\nn`).digest('hex').slice(0, 40);
    const script = `require('net').createServer(s=>s.on('error',()=>{})).listen({path:'\\0tsbuild-${hash}'},()=>console.log('held'))`;
    const holder = spawn(process.execPath, ['-e', script], {stdio: ['ignore', 'pipe', 'inherit']});
    await once(holder.stdout, 'data');
    const waiting = deferred<void>();
    const work = socketLocks(name).withLock(
      'n',
      never,
      async () => 'mine',
      () => waiting.resolve(),
    );
    await waiting.promise;
    holder.kill('SIGKILL');
    await expect(work).resolves.toBe('mine');
  });
});

describe('tryLock', () => {
  it('takes a name that nobody holds, and does not wait for one that somebody does', async () => {
    const locks = socketLocks(scope());
    const held = await locks.tryLock('n');
    expect(held).toBeDefined();
    expect(await locks.tryLock('n')).toBeUndefined();
    held?.release();
    await locks.withLock('n', never, async () => expect(await locks.tryLock('n')).toBeUndefined());
    const again = await locks.tryLock('n');
    expect(again).toBeDefined();
    again?.release();
  });
});
