// Watches a body on its way in. That nothing comes is seen by the HTTP client; a server that sends a byte now and then
// would hold a build for ever all the same. Only the time spent waiting for the server counts: a reader may be slow.

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
