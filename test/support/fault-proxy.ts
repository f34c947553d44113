// A proxy in front of a registry, on the level of connections: passes bytes on, counts them, and cuts connections where
// a test says so.

import type {AddressInfo} from 'node:net';
import {connect, createServer, type Socket} from 'node:net';

export interface FaultProxy {
  readonly address: string;
  /** Bytes that clients sent. */
  readonly sent: number;
  /** Bytes that the server sent. */
  readonly received: number;
  /** Cuts the connection that brings this many more bytes from clients or from the server, then passes all on. */
  cutAfter(direction: 'sent' | 'received', bytes: number): void;
  /** Does something, once, when this many more bytes have come from clients or from the server. */
  onceAfter(direction: 'sent' | 'received', bytes: number, act: () => void): void;
  close(): Promise<void>;
}

export async function startFaultProxy(target: () => string): Promise<FaultProxy> {
  const counts = {sent: 0, received: 0};
  const limits = {sent: Number.POSITIVE_INFINITY, received: Number.POSITIVE_INFINITY};
  let waiting: {direction: 'sent' | 'received'; bytes: number; act: () => void} | undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const [host, port] = target().split(':');
    const upstream = connect({host: host ?? '', port: Number(port)});
    const both = [client, upstream];
    const end = (): void => {
      for (const socket of both) socket.destroy();
    };
    const pass = (from: Socket, to: Socket, direction: 'sent' | 'received'): void => {
      from.on('data', (bytes: Buffer) => {
        counts[direction] += bytes.length;
        if (waiting?.direction === direction && counts[direction] >= waiting.bytes) {
          const {act} = waiting;
          waiting = undefined;
          act();
        }
        const isOver = counts[direction] >= limits[direction];
        if (isOver) limits[direction] = Number.POSITIVE_INFINITY;
        // What came before the cut has arrived.
        if (isOver) to.write(bytes, () => setImmediate(end));
        else if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    };
    for (const socket of both) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        open.delete(socket);
        end();
      });
    }
    pass(client, upstream, 'sent');
    pass(upstream, client, 'received');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    get sent() {
      return counts.sent;
    },
    get received() {
      return counts.received;
    },
    cutAfter(direction, bytes) {
      limits[direction] = counts[direction] + bytes;
    },
    onceAfter(direction, bytes, act) {
      waiting = {direction, bytes: counts[direction] + bytes, act};
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
