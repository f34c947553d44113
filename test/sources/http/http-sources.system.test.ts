// URLs as snapshots, with a server in this process: what is kept, what is asked again, and what is said when it fails.

import {lstatSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {HttpSource} from '../../../src/graph/op.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {HttpSources} from '../../../src/sources/http/http-sources.ts';
import {HttpClient} from '../../../src/sources/registry/http.ts';
import {type Answer, type FileServer, file, startFileServer} from '../../support/file-server.ts';
import {SourceWorld} from '../../support/source-world.ts';

const {signal} = new AbortController();
const modified = 'Tue, 15 Jun 2021 10:00:00 GMT';
const modifiedSeconds = 1_623_751_200;

let world: SourceWorld;
let server: FileServer;
let client: HttpClient;

beforeEach(async () => {
  world = new SourceWorld();
  client = new HttpClient({environment: {}});
  server = await startFileServer(file('one', '"1"', {'last-modified': modified}));
});
afterEach(async () => {
  await client.close();
  await server.close();
  world[Symbol.dispose]();
});

/** As a new build sees it. */
function build(secrets: Readonly<Record<string, string>> = {}): HttpSources {
  return new HttpSources({
    snapshotter: world.snapshotter,
    notes: world.notes,
    http: async () => client,
    secrets: async () =>
      Object.fromEntries(Object.entries(secrets).map(([id, text]) => [id, Buffer.from(text)])),
    pacing: {wait: async () => {}, random: () => 0, nowMs: () => 0},
  });
}

function source(more: Partial<HttpSource> = {}): HttpSource {
  return {type: 'http', url: `${server.address}/dir/file.txt`, filename: 'file.txt', ...more};
}

async function problemOf(work: Promise<unknown>): Promise<{message: string; kind: string; hints: string}> {
  const error = (await work.catch((reason: unknown) => reason)) as {
    message: string;
    kind: string;
    diagnostics: {hints?: string[]}[];
  };
  expect(error).toMatchObject({name: 'BuildError'});
  expect(await world.leftovers()).toEqual([]);
  return {message: error.message, kind: error.kind, hints: error.diagnostics[0]?.hints?.join() ?? ''};
}

describe('a file', () => {
  it('is private to root and as new as the server says', async () => {
    const {snapshot, digest} = await build().fetch(source(), signal);
    expect(world.listing(snapshot)).toEqual(['0600 file.txt = one']);
    expect(digest).toBe(digestOf('one'));
    const {mtimeMs} = lstatSync(join(world.directoryOf(snapshot), 'file.txt'));
    expect(mtimeMs).toBe(modifiedSeconds * 1000);
    expect(world.snapshotter.epochSecondsOf(snapshot)).toBe(modifiedSeconds);
    expect(await world.leftovers()).toEqual([]);
  });

  it('is of 1970 when the server does not say', async () => {
    server.answer = file('one', undefined);
    const {snapshot} = await build().fetch(source(), signal);
    expect(lstatSync(join(world.directoryOf(snapshot), 'file.txt')).mtimeMs).toBe(0);
  });

  it('is asked for once in a build', async () => {
    const sources = build();
    const both = await Promise.all([sources.fetch(source(), signal), sources.fetch(source(), signal)]);
    expect(both[0].snapshot).toBe(both[1].snapshot);
    expect(server.seen).toHaveLength(1);
  });

  it('that is still the same is not sent again', async () => {
    const first = await build().fetch(source(), signal);
    const second = await build().fetch(source(), signal);
    expect(second).toEqual(first);
    expect(server.seen[1]?.headers['if-none-match']).toBe('"1"');
  });

  it('has the same key and snapshot when a server without validators sends it again', async () => {
    server.answer = file('one', undefined);
    const first = await build().fetch(source(), signal);
    expect(await build().fetch(source(), signal)).toEqual(first);
    expect(await world.leftovers()).toEqual([]);
  });

  it('is not read twice from a server that sends an ETag but does not heed it', async () => {
    const answer: Answer = (_, response) => response.writeHead(200, {etag: 'W/"1"'}).end('something else');
    const first = await build().fetch(source(), signal);
    server.answer = answer;
    expect(await build().fetch(source(), signal)).toEqual(first);
  });

  it('is asked for by time when it is old enough to tell', async () => {
    server.answer = file('one', undefined, {
      'last-modified': modified,
      date: 'Tue, 15 Jun 2021 10:00:02 GMT',
    });
    await build().fetch(source(), signal);
    await build().fetch(source(), signal);
    expect(server.seen[1]?.headers['if-modified-since']).toBe(modified);
    server.answer = file('two', undefined, {'last-modified': modified, date: modified});
    await build().fetch(source(), signal);
    await build().fetch(source(), signal);
    expect(server.seen[3]?.headers['if-modified-since']).toBeUndefined();
  });

  it('of a megabyte is sent once, until it changes', async () => {
    let bytes = 0;
    const counted =
      (answer: Answer): Answer =>
      (request, response, count) => {
        const {socket} = response;
        const before = socket?.bytesWritten ?? 0;
        response.on('finish', () => {
          bytes += (socket?.bytesWritten ?? 0) - before;
        });
        answer(request, response, count);
      };
    const sentBy = async (answer: Answer): Promise<number> => {
      bytes = 0;
      server.answer = counted(answer);
      await build().fetch(source(), signal);
      return bytes;
    };
    const [size, small] = [1 << 20, 1 << 12];
    const tagged = file('x'.repeat(size), '"x"');
    expect(await sentBy(tagged)).toBeGreaterThan(size);
    expect(await sentBy(tagged)).toBeLessThan(small);
    const changed = file('y'.repeat(size), '"y"');
    expect(await sentBy(changed)).toBeGreaterThan(size);
    expect(await sentBy(changed)).toBeLessThan(small);
    const dated: Answer = ({headers}, response) => {
      const head = {'last-modified': modified, date: 'Wed, 16 Jun 2021 10:00:00 GMT'};
      if (headers['if-modified-since'] === modified) response.writeHead(304, head).end();
      else response.writeHead(200, head).end('z'.repeat(size));
    };
    expect(await sentBy(dated)).toBeGreaterThan(size);
    expect(await sentBy(dated)).toBeLessThan(small);
  });

  it('that changed has another key', async () => {
    const first = await build().fetch(source(), signal);
    server.answer = file('two', '"2"', {'last-modified': modified});
    const second = await build().fetch(source(), signal);
    expect(second.key).not.toBe(first.key);
    expect(world.listing(second.snapshot)).toEqual(['0600 file.txt = two']);
    server.answer = file('one', '"3"', {'last-modified': modified});
    expect(await build().fetch(source(), signal)).toEqual(first);
  });

  it('that a server compresses unasked is stored as it is', async () => {
    server.answer = (_, response) =>
      response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync('plain text'));
    const {snapshot, digest} = await build().fetch(source(), signal);
    expect(world.listing(snapshot)).toEqual(['0600 file.txt = plain text']);
    expect(digest).toBe(digestOf('plain text'));
  });
});

describe('a checksum', () => {
  it('that is right is kept, and the server not asked again', async () => {
    const checksum = digestOf('one');
    const first = await build().fetch(source({checksum}), signal);
    expect(await build().fetch(source({checksum}), signal)).toEqual(first);
    expect(server.seen).toHaveLength(1);
  });

  it('that is wrong is an error, and nothing is kept', async () => {
    const checksum = digestOf('two');
    const {message} = await problemOf(build().fetch(source({checksum}), signal));
    expect(message).toBe(
      `digest mismatch for ${server.address}/dir/file.txt: ${digestOf('one')} (expected: ${checksum})`,
    );
  });

  it('is held against a file that is here under another one', async () => {
    await build().fetch(source(), signal);
    await problemOf(build().fetch(source({checksum: digestOf('two')}), signal));
  });
});

describe('a transfer', () => {
  it('that breaks off goes on where it was', async () => {
    const text = 'x'.repeat(200_000);
    let cut = (): void => {};
    server.answer = ({headers}, response, count) => {
      if (count === 1) {
        response.writeHead(200, {etag: '"1"', 'content-length': text.length});
        response.write(text.slice(0, 100_000));
        cut = () => response.destroy();
        return;
      }
      const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]);
      response.writeHead(206, {'content-range': `bytes ${start}-${text.length - 1}/${text.length}`});
      response.end(text.slice(start));
    };
    const {digest} = await build().fetch(source(), signal, () => cut());
    expect(digest).toBe(digestOf(text));
    expect(server.seen[1]?.headers).toMatchObject({'if-range': '"1"'});
  });

  it('starts anew when the file changed meanwhile, or has no strong ETag', async () => {
    for (const etag of ['"1"', 'W/"1"']) {
      const before = server.seen.length;
      let cut = (): void => {};
      server.answer = (_, response, count) => {
        if (count === before + 1) {
          response.writeHead(200, {etag, 'content-length': 100});
          response.write('first');
          cut = () => response.destroy();
        } else response.writeHead(200, {etag: '"2"'}).end('second');
      };
      const {digest} = await build().fetch(source({url: `${server.address}/${etag}`}), signal, () => cut());
      expect(digest).toBe(digestOf('second'));
      const {range} = server.seen.at(-1)?.headers ?? {};
      expect(range).toBe(etag.startsWith('W/') ? undefined : 'bytes=5-');
    }
  });

  it('is tried again after an error of the server', async () => {
    server.answer = (_, response, count) => response.writeHead(count === 1 ? 503 : 200).end('one');
    expect((await build().fetch(source(), signal)).digest).toBe(digestOf('one'));
  });

  it('follows redirects, and does not take a password along to another host', async () => {
    const other = await startFileServer(file('there', undefined));
    server.answer = (_, response) => response.writeHead(302, {location: `${other.address}/x`}).end();
    const url = `http://me:secret@${server.host}/file`;
    expect((await build().fetch(source({url}), signal)).digest).toBe(digestOf('there'));
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${btoa('me:secret')}`);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
    await other.close();
  });

  it('uses the secret for its host', async () => {
    await build({[`HTTP_AUTH_TOKEN_${server.host}`]: 'abc\n'}).fetch(source(), signal);
    await build({[`HTTP_AUTH_HEADER_${server.host}`]: 'Own abc'}).fetch(source(), signal);
    expect(server.seen.map(({headers}) => headers.authorization)).toEqual(['Bearer abc', 'Own abc']);
  });
});

describe('what cannot be had', () => {
  it('says the status, and shows no password', async () => {
    server.answer = (_, response) => response.writeHead(404).end('gone');
    const url = `http://me:secret@${server.host}/x`;
    expect(await problemOf(build().fetch(source({url}), signal))).toMatchObject({
      kind: 'user',
      message: `cannot download http://xxxxx@${server.host}/x: the server answered 404 Not Found`,
    });
  });

  it('tells of the secret when it is denied', async () => {
    server.answer = (_, response) => response.writeHead(401).end();
    expect((await problemOf(build().fetch(source(), signal))).hints).toMatch(/HTTP_AUTH_TOKEN_/);
  });

  it('fails although a copy is here, since nobody knows whether it is still good', async () => {
    const url = source().url;
    await build().fetch(source(), signal);
    await server.close();
    const {kind, message} = await problemOf(build().fetch(source({url}), signal));
    expect({kind, message}).toEqual({
      kind: 'environment',
      message: `cannot download ${url}: connection refused`,
    });
  });

  it('includes names that are none', async () => {
    const filename = 'x'.repeat(300);
    expect((await problemOf(build().fetch(source({filename}), signal))).message).toMatch(/name of a file/);
  });

  it('leaves nothing when it is aborted', async () => {
    const abort = new AbortController();
    server.answer = (_, response) => {
      response.writeHead(200);
      response.write('some', () => abort.abort(new Error('stopped')));
    };
    await expect(build().fetch(source(), abort.signal)).rejects.toThrow('stopped');
    expect(await world.leftovers()).toEqual([]);
  });
});
