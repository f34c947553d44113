// Connections, which cost two or three round trips each: how many it takes, from servers with and without manners.

import {once} from 'node:events';
import {type AddressInfo, createServer, type Socket} from 'node:net';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {HttpClient} from '../../../src/sources/registry/http.ts';

const {signal} = new AbortController();

let client: HttpClient;
beforeEach(() => {
  client = new HttpClient({environment: {}});
});
afterEach(() => client.close());

/** A server that gives these bytes for each request, and counts connections. */
async function serving(answer: (method: string) => string) {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on('data', (request) => socket.write(answer(request.toString().split(' ')[0] ?? '')));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

async function ask(url: URL, method: 'GET' | 'HEAD'): Promise<string> {
  const response = await client.request(url, {method, signal});
  return new TextDecoder().decode(await response.bytes(100));
}

describe('a connection', () => {
  it('is kept after a HEAD, of which a push makes one for each layer', async () => {
    await using server = await serving((method) =>
      ['HTTP/1.1 200 OK', 'content-length: 4', '', method === 'HEAD' ? '' : 'body'].join('\r\n'),
    );
    for (let count = 0; count < 10; count++) expect(await ask(server.url, 'HEAD')).toBe('');
    expect(await ask(server.url, 'GET')).toBe('body');
    // A second one is opened while the first is not yet free.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('on which a HEAD was answered with a body is given up, and nothing of that is taken for an answer', async () => {
    await using server = await serving(() => 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody');
    for (let count = 0; count < 3; count++) {
      expect(await ask(server.url, 'HEAD')).toBe('');
      expect(await ask(server.url, 'GET')).toBe('body');
    }
  });
});
