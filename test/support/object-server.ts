// What S3 and GitHub's cache service do, as far as a cache needs it: objects in memory. It refuses a body that is not
// what its signature says, counts the bytes that come in and go out, and can be told to fail in the ways services do.

import {createHash} from 'node:crypto';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

/** How requests are answered: as they should be; with 500; never; with half of the body; with other bytes. */
export type Mood = 'well' | 'failing' | 'silent' | 'truncating' | 'lying';

export interface ObjectServer {
  readonly address: string;
  readonly objects: Map<string, Buffer>;
  /** When each was written, where that is not now. */
  readonly writtenMs: Map<string, number>;
  mood: Mood;
  /** Of bodies that were taken. */
  received: number;
  /** Of bodies of GET. */
  sent: number;
  /** Requests for objects whose name is like that. */
  count(pattern: RegExp): number;
  close(): Promise<void>;
}

export async function startObjectServer(): Promise<ObjectServer> {
  const requests: string[] = [];
  const objects = new Map<string, Buffer>();
  const writtenMs = new Map<string, number>();
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const name = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname);
    requests.push(`${request.method} ${name}`);
    if (self.mood === 'silent') return;
    if (self.mood === 'failing') {
      response.writeHead(500).end();
      return;
    }
    if (name.startsWith('/twirp/')) {
      answerTwirp(name, JSON.parse(body.toString()) as Twirp, request, response);
      return;
    }
    if (request.method === 'PUT') {
      const told = request.headers['x-amz-content-sha256'];
      const actual = createHash('sha256').update(body).digest('hex');
      const isSigned =
        request.headers.authorization?.includes('/s3/aws4_request') || name.startsWith('/put/');
      if (!isSigned || (told !== undefined && told !== actual)) {
        response.writeHead(403).end();
        return;
      }
      self.received += body.length;
      writtenMs.delete(name);
      const source = request.headers['x-amz-copy-source'];
      if (source !== undefined) {
        const isThere = source === encodeURI(name.slice(1)).replaceAll(':', '%3A') && objects.has(name);
        response.writeHead(isThere ? 200 : 404).end();
        return;
      }
      objects.set(name.replace(/^\/put\//, '/entry/'), body);
      response.writeHead(name.startsWith('/put/') ? 201 : 200).end();
      return;
    }
    const found = objects.get(name);
    if (found === undefined) response.writeHead(404).end();
    else if (request.method === 'HEAD') response.writeHead(200, headersOf(name, found)).end();
    else send(name, found, response);
  };
  const headersOf = (name: string, {length}: Buffer): Record<string, string | number> => {
    const at = writtenMs.get(name);
    const written = at === undefined ? new Date() : new Date(at);
    return {'content-length': length, 'last-modified': written.toUTCString()};
  };
  const send = (name: string, found: Buffer, response: ServerResponse): void => {
    const isBlob = name.includes('sha256:');
    response.writeHead(200, headersOf(name, found));
    self.sent += found.length;
    if (isBlob && self.mood === 'truncating') {
      response.write(found.subarray(0, found.length / 2), () => response.destroy());
    } else {
      response.end(isBlob && self.mood === 'lying' ? Buffer.alloc(found.length, 'x') : found);
    }
  };
  const answerTwirp = (
    name: string,
    {key: wanted, restore_keys: prefixes = []}: Twirp,
    request: IncomingMessage,
    response: ServerResponse,
  ): void => {
    if (request.headers.authorization !== 'Bearer job-token') {
      response.writeHead(401).end();
      return;
    }
    // As the service: the key itself, or the newest that begins with a prefix.
    const begins = (name: string): boolean => prefixes.some((prefix) => name.startsWith(`/entry/${prefix}`));
    const newest = [...objects.keys()].findLast((name) => begins(name))?.replace('/entry/', '');
    const key = objects.has(`/entry/${wanted}`) ? wanted : (newest ?? wanted);
    const path = encodeURIComponent(key);
    const isThere = objects.has(`/entry/${key}`);
    const isCreation = name.endsWith('/CreateCacheEntry');
    if (isCreation && isThere) {
      response.writeHead(409).end('{"code":"already_exists","msg":"exists"}');
      return;
    }
    const answer = isCreation
      ? {ok: true, signed_upload_url: `${self.address}/put/${path}?sig=1`}
      : {ok: isThere, signed_download_url: isThere ? `${self.address}/entry/${path}?sig=1` : ''};
    response.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify(answer));
  };
  const self: ObjectServer = {
    address: '',
    objects,
    writtenMs,
    mood: 'well',
    received: 0,
    sent: 0,
    count: (pattern) => requests.filter((line) => pattern.test(line)).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(self, {address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`});
}

interface Twirp {
  readonly key: string;
  readonly restore_keys?: readonly string[];
}
