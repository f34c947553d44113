// Pushing over bad networks to registries of many minds: everything arrives once, or fails with one clear error.

import {randomBytes} from 'node:crypto';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type Digest, digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import type {RegistryClient} from '../../../../src/sources/registry/client.ts';
import {noPushMemory} from '../../../../src/sources/registry/push/push-memory.ts';
import type {PushBlob} from '../../../../src/sources/registry/push/repository-writer.ts';
import {collect} from '../../../support/collect.ts';
import {startUploadRegistry, type UploadRegistry} from '../../../support/upload-registry.ts';
import {failed, rig, signal} from '../rig.ts';

const mebibyte = 1024 * 1024;
const content = randomBytes(3 * mebibyte);
const half = content.length / 2;

let registry: UploadRegistry;
let other: UploadRegistry;
let client: RegistryClient;
let pauses: number[];
beforeEach(async () => {
  registry = await startUploadRegistry();
  other = await startUploadRegistry();
  ({client, pauses} = rig());
});
afterEach(async () => {
  await client.close();
  await registry.close();
  await other.close();
});

function blobOf(bytes: Buffer, more: Partial<PushBlob> = {}): PushBlob {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    async *read(offset) {
      for (let at = offset; at < bytes.length; at += mebibyte) yield bytes.subarray(at, at + mebibyte);
    },
    ...more,
  };
}

const large = blobOf(content);
const put = (blob = large, repository = 'a/b'): Promise<unknown> =>
  client.writer(`${registry.address}/${repository}`).putBlob(blob, signal);
const stored = (repository = 'a/b'): Buffer | undefined =>
  registry.blobs.get(`${repository} ${large.digest}`);

describe('a blob', () => {
  it('that is large is streamed in one request', async () => {
    expect(await put()).toBe('uploaded');
    expect(registry.log).toEqual(['HEAD blob', 'POST uploads', 'PATCH upload', 'PUT upload']);
    expect(registry.seen[2]?.headers).not.toHaveProperty('content-range');
    expect(stored()?.equals(content)).toBe(true);
  });

  it('that is small goes with the last request', async () => {
    const small = blobOf(content.subarray(0, 100));
    expect(await put(small)).toBe('uploaded');
    expect(registry.log).toEqual(['HEAD blob', 'POST uploads', 'PUT upload']);
  });

  it('that is empty arrives', async () => {
    await put(blobOf(Buffer.alloc(0)));
    expect(registry.blobs.size).toBe(1);
  });

  it('that is there is not sent', async () => {
    await put();
    expect(await put()).toBe('present');
    expect(registry.bytesTaken).toBe(content.length);
  });

  it('that has another length there is sent again', async () => {
    registry.blobs.set(`a/b ${large.digest}`, content.subarray(1));
    expect(await put()).toBe('uploaded');
  });

  it('of another repository is mounted', async () => {
    await put(large, 'base');
    expect(await put({...large, mountFrom: ['base']})).toBe('mounted');
    expect(registry.bytesTaken).toBe(content.length);
  });

  it('that was fetched from another repository there is mounted from it', async () => {
    registry.blobs.set(`base ${large.digest}`, content);
    const seen: string[] = [];
    const memory = {
      ...noPushMemory,
      sawBlob: (...parts: readonly string[]) => seen.push(parts.join(' ')),
      repositoriesWith: () => ['base'],
    };
    ({client} = rig({memory}));
    const descriptor = {mediaType: mediaTypes.layerGzip, digest: large.digest, size: large.size};
    await collect(client.fetchBlob(`${registry.address}/base:1`, descriptor, signal));
    expect(seen).toEqual([`${registry.address} base ${large.digest}`]);
    expect([await put(), registry.bytesTaken]).toEqual(['mounted', 0]);
  });

  it('that cannot be mounted is sent in the session that was opened, others are cancelled', async () => {
    registry.mounts = false;
    expect(await put({...large, mountFrom: ['x', 'y']})).toBe('uploaded');
    expect(registry.log).toEqual([
      'HEAD blob',
      'POST uploads',
      'POST uploads',
      'DELETE upload',
      'PATCH upload',
      'PUT upload',
    ]);
  });

  it('that is only in another repository is fetched before it is sent, however many there are', async () => {
    registry.mounts = false;
    const writer = client.writer(`${registry.address}/a/b`);
    const outcomes = Array.from({length: 8}, async (_, index) => {
      const bytes = content.subarray(index, mebibyte);
      const blob = blobOf(bytes);
      registry.blobs.set(`base ${blob.digest}`, bytes);
      const descriptor = {digest: blob.digest, size: blob.size, mediaType: mediaTypes.layerGzip};
      const fetched: Uint8Array[] = [];
      return writer.putBlob(
        {
          ...blob,
          mountFrom: ['base'],
          prepare: async (until) => {
            const source = `${registry.address}/base`;
            for await (const piece of client.fetchBlob(source, descriptor, until)) fetched.push(piece);
          },
          read: (offset) => blobOf(Buffer.concat(fetched)).read(offset),
        },
        signal,
      );
    });
    expect(await Promise.all(outcomes)).toEqual(Array.from({length: 8}, () => 'uploaded'));
    expect(registry.blobs.size).toBe(16);
  });

  it('whose other repository may not be read is sent', async () => {
    registry.fault = ({path}) => (path.includes('mount=') ? {status: 403} : undefined);
    expect(await put({...large, mountFrom: ['secret']})).toBe('uploaded');
  });
});

describe('an upload', () => {
  it('that breaks goes on where it broke', async () => {
    registry.fault = ({method, before}) =>
      method === 'PATCH' && before === 0 ? {cutAfter: half} : undefined;
    await put();
    expect(registry.log.slice(2)).toEqual(['PATCH upload', 'GET upload', 'PATCH upload', 'PUT upload']);
    expect(registry.seen[4]?.headers['content-range']).toBe(`${half}-${content.length - 1}`);
    expect([registry.bytesTaken, pauses]).toEqual([content.length, [250]]);
    expect(stored()?.equals(content)).toBe(true);
  });

  it('that breaks again and again without a byte taken is given up', async () => {
    registry.fault = ({method}) => (method === 'PATCH' ? {cutAfter: 0} : undefined);
    const error = await failed(put());
    expect(error).toMatchObject({kind: 'environment', code: 'registry-unreachable'});
    expect(error.message).toContain(`${registry.address}/a/b: layer ${large.digest}: lost the connection`);
    expect(pauses).toHaveLength(7);
  });

  it('that another run left behind goes on where that stopped', async () => {
    const kept = new Map<string, URL>();
    const memory = {
      ...noPushMemory,
      unfinishedUpload: (_: string, repository: string) => kept.get(repository),
      keepUpload: (_: string, repository: string, __: Digest, location: URL | undefined) => {
        if (location === undefined) kept.delete(repository);
        else kept.set(repository, location);
      },
    };
    ({client} = rig({memory}));
    registry.fault = ({method, before}) => {
      if (method === 'PATCH' && before === 0) return {cutAfter: half};
      return method === 'GET' ? {status: 503} : undefined;
    };
    await failed(put());
    await client.close();
    registry.fault = () => undefined;
    ({client} = rig({memory}));
    expect(await put()).toBe('uploaded');
    expect([registry.bytesTaken, stored()?.equals(content), kept.size]).toEqual([content.length, true, 0]);
  });

  it('may break often while bytes are taken', async () => {
    registry.fault = ({method, before}) =>
      method === 'PATCH' && before < 12 ? {cutAfter: half / 8} : undefined;
    await put();
    expect([registry.bytesTaken, stored()?.length]).toEqual([content.length, content.length]);
  });

  it('whose session is lost begins anew', async () => {
    registry.fault = ({method, before}) => {
      if (method !== 'PATCH' || before > 0) return undefined;
      setImmediate(() => registry.forgetUploads());
      return {cutAfter: half};
    };
    await put();
    expect(stored()?.length).toBe(content.length);
  });

  it('that the registry cannot even be asked about is sent', async () => {
    registry.fault = ({method}) => (method === 'HEAD' ? {status: 500} : undefined);
    expect(await put()).toBe('uploaded');
    expect(stored()?.equals(content)).toBe(true);
  });

  it('whose session is always lost is an error', async () => {
    registry.fault = ({method}) => (method === 'PUT' ? {status: 404} : undefined);
    expect((await failed(put())).message).toContain('gave up the upload again and again');
  });

  it('whose last answer is lost is seen to be there', async () => {
    registry.fault = ({method}) => (method === 'PUT' ? {mute: true} : undefined);
    expect(await put()).toBe('uploaded');
    expect(registry.log.slice(3)).toEqual(['PUT upload', 'HEAD blob']);
  });

  it('waits as long as a busy registry says, and goes on in the same session', async () => {
    registry.fault = ({method, before}) =>
      method === 'PATCH' && before === 0 ? {status: 429, headers: {'retry-after': '3'}} : undefined;
    await put();
    expect(pauses).toEqual([3000]);
    expect(registry.log.slice(2)).toEqual(['PATCH upload', 'GET upload', 'PATCH upload', 'PUT upload']);
    expect(registry.bytesTaken).toBe(content.length);
  });

  it('repeats nothing of what a busy registry has', async () => {
    registry.bodyBytesMax = mebibyte;
    registry.fault = ({method, before}) =>
      (method === 'PATCH' && before === 3) || (method === 'PUT' && before === 0) ? {status: 429} : undefined;
    await put();
    const turnedAway = [
      'PATCH upload',
      'GET upload',
      'PATCH upload',
      'PUT upload',
      'GET upload',
      'PUT upload',
    ];
    expect(registry.log.slice(-turnedAway.length)).toEqual(turnedAway);
    expect([registry.bytesTaken, stored()?.equals(content)]).toEqual([content.length, true]);
  });

  it('is sent again as it was where a busy registry does not tell what it has', async () => {
    registry.fault = ({method, before}) => {
      if (method === 'GET') return {status: 405};
      return method === 'PATCH' && before === 0 ? {status: 429} : undefined;
    };
    await put();
    expect(registry.log.filter((line) => line === 'POST uploads')).toHaveLength(1);
    expect([registry.bytesTaken, stored()?.equals(content)]).toEqual([content.length, true]);
  });

  it.each([500, 502, 503])('outlives status %i', async (status) => {
    registry.fault = ({before}) => (before === 0 ? {status} : undefined);
    await put();
    expect(stored()?.length).toBe(content.length);
  });

  it('is given up when the registry is broken', async () => {
    registry.fault = ({method}) => (method === 'PATCH' ? {status: 500, body: 'no space left'} : undefined);
    expect(await failed(put())).toMatchObject({
      code: 'registry-server-error',
      notes: `${registry.address} says: no space left`,
    });
  });

  it('that nobody takes is given up, not waited for', async () => {
    ({client} = rig({timeouts: {stallMs: 100, uploadMs: 100}}));
    registry.fault = ({method}) => (method === 'PATCH' ? {stall: true} : undefined);
    const error = await failed(put());
    expect(error).toMatchObject({code: 'registry-timeout'});
    expect(error.message).toContain('the transfer stalled');
  });

  it('goes in chunks where bodies have a limit', async () => {
    registry.bodyBytesMax = 2 * mebibyte;
    await put();
    const ranges = registry.seen
      .filter(({method}) => method === 'PATCH')
      .map((one) => one.headers['content-range']);
    expect(ranges.slice(-2)).toEqual([
      `${mebibyte}-${2 * mebibyte - 1}`,
      `${2 * mebibyte}-${3 * mebibyte - 1}`,
    ]);
    expect([registry.bytesTaken, stored()?.length]).toEqual([content.length, content.length]);
  });

  it('that is too large in any size is an error', async () => {
    registry.bodyBytesMax = 10;
    expect((await failed(put())).message).toContain('status 413');
  });

  it('whose bytes were changed on the way is made once more', async () => {
    registry.fault = ({method, before}) =>
      method === 'PUT' && before === 0
        ? {status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}'}
        : undefined;
    await put();
    expect(registry.bytesTaken).toBe(2 * content.length);
  });

  it('of bytes that have another digest is an error', async () => {
    const error = await failed(put({...large, digest: digestOf('other')}));
    expect(error.message).toMatch(/status 400 to an upload \(digest_invalid/);
    expect(registry.blobs.size).toBe(0);
  });

  it('that is not allowed says how to log in', async () => {
    registry.fault = () => ({status: 401, headers: {'www-authenticate': 'Basic realm="x"'}});
    expect(await failed(put())).toMatchObject({code: 'registry-denied', kind: 'user'});
    expect(registry.log).toEqual(['HEAD blob']);
  });

  it('asks the token server for what it needs: to write here, and to read where it mounts from', async () => {
    const realm = `Bearer realm="http://${other.address}/token",service="s",scope="repository:a/b:pull"`;
    other.fault = () => ({status: 200, body: '{"token":"t"}'});
    registry.fault = ({headers}) =>
      headers.authorization === 'Bearer t' ? undefined : {status: 401, headers: {'www-authenticate': realm}};
    expect(await put({...large, mountFrom: ['base']})).toBe('uploaded');
    const asked = other.seen.map(({path}) => new URL(path, 'http://x').searchParams.getAll('scope'));
    expect(asked).toEqual([
      ['repository:a/b:pull,push'],
      ['repository:a/b:pull,push', 'repository:base:pull'],
    ]);
  });

  it('whose every token is refused ends', async () => {
    let given = 0;
    other.fault = () => ({status: 200, body: `{"token":"t${given++}"}`});
    const realm = `Bearer realm="http://${other.address}/token",service="s"`;
    registry.fault = () => ({status: 401, headers: {'www-authenticate': realm}});
    expect((await failed(put())).code).toBe('registry-denied');
    expect([registry.seen.length, other.seen.length, pauses]).toEqual([2, 1, []]);
  });

  it('is followed to another host without the password', async () => {
    const credentials = {
      lookup: async () => ({type: 'password', username: 'me', password: 'secret'}) as const,
    };
    ({client} = rig({credentials}));
    registry.fault = ({method, path, headers}) => {
      if (headers.authorization === undefined)
        return {status: 401, headers: {'www-authenticate': 'Basic realm="x"'}};
      return method === 'POST'
        ? {status: 307, headers: {location: `http://${other.address}${path}`}}
        : undefined;
    };
    expect(await put()).toBe('uploaded');
    expect(other.blobs.get(`a/b ${large.digest}`)?.length).toBe(content.length);
    expect(other.seen.map(({headers}) => headers.authorization)).toEqual([undefined, undefined, undefined]);
    expect(registry.seen.at(-1)?.headers.authorization).toMatch(/^Basic /);
  });

  it('keeps the spelling of its address', async () => {
    await put();
    expect(registry.seen[2]?.path).toMatch(/\?_state=a%2Fb\+c$/);
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    registry.fault = ({method}) => {
      if (method === 'PATCH') stop.abort(new Error('stopped'));
      return method === 'PATCH' ? {stall: true} : undefined;
    };
    const work = client.writer(`${registry.address}/a/b`).putBlob(large, stop.signal);
    await expect(work).rejects.toThrow('stopped');
  });
});

describe('a manifest', () => {
  const manifest = {mediaType: mediaTypes.manifest, bytes: Buffer.from('{}')};
  const push = (name?: string): Promise<unknown> =>
    client.writer(`${registry.address}/a/b`).putManifest(manifest, signal, name);

  it('is put under its tag or its digest', async () => {
    expect(await push('v1')).toBe(digestOf('{}'));
    await push();
    expect([...registry.manifests.keys()]).toEqual(['a/b v1', `a/b ${digestOf('{}')}`]);
  });

  it('that the registry calls by another digest is an error', async () => {
    registry.fault = () => ({status: 201, headers: {'docker-content-digest': digestOf('x')}});
    expect((await failed(push('v1'))).code).toBe('registry-wrong-digest');
  });

  it('that is refused says why', async () => {
    registry.fault = () => ({
      status: 400,
      body: '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"layer"}]}',
    });
    expect((await failed(push('v1'))).message).toContain('status 400 (manifest_blob_unknown: layer)');
  });
});
