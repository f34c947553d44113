// Watches an answer on its way in. That nothing comes of a body is seen by the HTTP client; a server that sends a byte
// now and then would hold a build for ever all the same. Only the time spent waiting for the server counts: a reader
// may be slow, and so may the disk of this machine.

import {stat} from 'node:fs/promises';
import {NetworkFailure} from './network-failure.ts';

/** The slowest usable line brings so much within the stall limit; the same is asked of uploads (send-watch.ts). */
const pieceBytes = 64 * 1024;

export async function* notDripping(
  body: AsyncIterable<Uint8Array>,
  host: string,
  stallMs: number,
  nowMs: () => number = () => performance.now(),
): AsyncGenerator<Uint8Array> {
  let waitedMs = 0;
  let bytes = 0;
  let askedMs = nowMs();
  for await (const piece of body) {
    waitedMs += nowMs() - askedMs;
    bytes += piece.length;
    if (bytes >= pieceBytes) {
      waitedMs = 0;
      bytes = 0;
    } else if (waitedMs > stallMs) {
      throw new NetworkFailure('timeout', host, 'the transfer is too slow to go on');
    }
    yield piece;
    askedMs = nowMs();
  }
}

const slicesPerLimit = 10;

/**
 * Calls `late` after `ms` in which this process was not held up itself; what is returned stops that. Writes to a disk
 * that stands still take all threads of Node's pool, and names of hosts are looked up there, too, so the time until
 * `respond` has been through the pool does not count.
 */
export function afterOwnTime(
  ms: number,
  late: () => void,
  respond: () => Promise<unknown> = () => stat('/'),
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const wait = (slices: number): void => {
    if (isStopped) return;
    timer = setTimeout(() => {
      const next = (): void => (slices > 1 ? wait(slices - 1) : isStopped ? undefined : late());
      respond().then(next, next);
    }, ms / slicesPerLimit);
  };
  wait(slicesPerLimit);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
