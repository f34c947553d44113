// A lock between processes by name, without files: an abstract unix socket (unix(7)) can be bound once, is gone
// with its process (kill -9 included), and whoever waits learns of its end by the end of a connection: no polling.
// Abstract names are per network namespace; processes in different ones do not exclude each other, which costs
// double work but not correctness, since every record is put atomically and the first one stands.

import {hash} from 'node:crypto';
import {statSync} from 'node:fs';
import {createConnection, createServer, type Server, type Socket} from 'node:net';
import {deferred} from '../util/deferred.ts';

export interface LockSpace {
  /**
   * Runs `work` while holding `name`. `onWait` is called once if somebody else holds it. Rejects with the signal's
   * reason when aborted while waiting. Not reentrant within a process. `work` is told when somebody else wants it.
   */
  withLock<T>(
    name: string,
    signal: AbortSignal,
    work: (wanted: Promise<undefined>) => Promise<T>,
    onWait?: () => void,
  ): Promise<T>;
}

export interface ProcessLocks extends LockSpace {
  /** As `withLock`, until the lock is released. */
  lock(name: string, signal: AbortSignal, onWait?: () => void): Promise<Held>;
  /** Takes `name` if nobody holds it. */
  tryLock(name: string): Promise<Held | undefined>;
}

export interface Held {
  /** Resolves when somebody else waits for it. */
  readonly wanted: Promise<undefined>;
  release(): void;
}

/** Locks of a state directory, by its identity: it may have several paths. */
export function locksOf(root: string): ProcessLocks {
  const {dev, ino} = statSync(root);
  return socketLocks(`${dev}:${ino}`);
}

/** Locks whose names are private to `scope`. */
export function socketLocks(scope: string): ProcessLocks {
  const pathOf = (name: string): string =>
    `\0tsbuild-${hash('sha256', `${scope}\n${name}`, 'hex').slice(0, 40)}`;
  const lock: ProcessLocks['lock'] = async (name, signal, onWait) => {
    const path = pathOf(name);
    for (let waited = false; ; waited = true) {
      signal.throwIfAborted();
      const held = await tryBind(path);
      if (held !== undefined) return held;
      if (!waited) onWait?.();
      signal.throwIfAborted();
      await holderGone(path, signal);
    }
  };
  return {
    lock,
    tryLock: (name) => tryBind(pathOf(name)),
    async withLock(name, signal, work, onWait) {
      const held = await lock(name, signal, onWait);
      try {
        return await work(held.wanted);
      } finally {
        held.release();
      }
    },
  };
}

function tryBind(path: string): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<Socket>();
    const wanted = deferred<undefined>();
    const server: Server = createServer((socket) => {
      waiters.add(socket);
      wanted.resolve(undefined);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => waiters.delete(socket));
      socket.unref();
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({path, backlog: 511}, () => {
      server.unref();
      resolve({
        wanted: wanted.promise,
        release: () => {
          server.close();
          for (const socket of waiters) socket.destroy();
        },
      });
    });
  });
}

function holderGone(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({path});
    const aborted = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    const gone = (): void => {
      signal.removeEventListener('abort', aborted);
      resolve();
    };
    signal.addEventListener('abort', aborted, {once: true});
    // ECONNREFUSED: the holder ended between our bind and our connect.
    socket.on('error', () => socket.destroy());
    socket.on('close', gone);
    socket.resume();
  });
}
