// Layer bytes over connections that break, from registries that lie, against a registry in this process.

import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../../src/oci/descriptor.ts';
import {type Digest, digestOf} from '../../../src/oci/digest.ts';
import type {BlobKeeper} from '../../../src/sources/registry/blob-download.ts';
import {collect} from '../../support/collect.ts';
import {type FakeRegistry, type Fault, startFakeRegistry} from '../../support/fake-registry.ts';
import {failed, type Rig, rig, signal} from './rig.ts';

const size = 1_000_000;
const content = Buffer.alloc(size, 'layer bytes, many of them; ');

let registry: FakeRegistry;
let reference: string;
let layer: Descriptor;
let whole: Uint8Array;

beforeEach(async () => {
  registry = await startFakeRegistry();
  const image = await registry.addImage('a', 'v1', {
    layers: [{compression: 'none', entries: [{path: 'file', content}]}],
  });
  reference = `${registry.address}/a:v1`;
  layer = image.layers[0] as Descriptor;
  whole = image.blobs.get(layer.digest) as Uint8Array;
});
afterEach(() => registry.close());

/** What happens to the first, second … request of the blob. */
function faults(...list: readonly (Fault | undefined)[]): void {
  registry.fault = ({before}) => list[before];
}

const fetched = (client = rig().client): Promise<Buffer> =>
  collect(client.fetchBlob(reference, layer, signal));
const ranges = (): (string | undefined)[] =>
  registry.requests.map(({headers}) => headers['range']?.toString().replace('bytes=', ''));

describe('a blob', () => {
  it('comes whole', async () => {
    expect(digestOf(await fetched())).toBe(layer.digest);
    expect(registry.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('may be empty', async () => {
    const empty = {...layer, digest: digestOf(''), size: 0};
    registry.fault = () => ({type: 'answer', status: 200, body: ''});
    expect(await collect(rig().client.fetchBlob(reference, empty, signal))).toHaveLength(0);
  });

  it('is taken up where the connection broke', async () => {
    faults({type: 'cut', bytes: 300_000}, {type: 'cut', bytes: 400_000});
    const {client, pauses} = rig();
    expect(digestOf(await fetched(client))).toBe(layer.digest);
    expect(ranges()).toEqual([undefined, '300000-', '700000-']);
    expect(pauses).toEqual([250, 250]);
  });

  it('is taken up where a body ended too early', async () => {
    faults({type: 'short', bytes: 10});
    expect(digestOf(await fetched())).toBe(layer.digest);
    expect(ranges()).toEqual([undefined, '10-']);
  });

  it('is right also when the registry does not know ranges', async () => {
    faults({type: 'cut', bytes: 300_000}, {type: 'no-range'});
    expect(digestOf(await fetched())).toBe(layer.digest);
    expect(ranges()).toEqual([undefined, '300000-']);
  });

  it('is right also when the registry says of a range that it is none', async () => {
    faults({type: 'cut', bytes: 300_000}, {type: 'answer', status: 416});
    expect(digestOf(await fetched())).toBe(layer.digest);
    expect(ranges()).toEqual([undefined, '300000-', undefined]);
  });

  it('is given up when nothing more comes', async () => {
    registry.fault = ({before}) => ({type: 'cut', bytes: before === 0 ? 100_000 : 0});
    const {client, pauses} = rig();
    expect(await failed(fetched(client))).toMatchObject({
      kind: 'environment',
      code: 'registry-unreachable',
      message: expect.stringContaining(
        `layer ${layer.digest}: lost the connection to registry ${registry.address}`,
      ),
    });
    expect(pauses).toEqual([250, 500, 1000, 2000]);
  });

  it('that stalls is taken up again', async () => {
    faults({type: 'stall', bytes: 500_000});
    const {client} = rig({timeouts: {stallMs: 100}});
    expect(digestOf(await fetched(client))).toBe(layer.digest);
    expect(ranges()).toEqual([undefined, '500000-']);
  });

  it('of another digest is refused', async () => {
    faults({type: 'corrupt'});
    expect(await failed(fetched())).toMatchObject({
      kind: 'environment',
      code: 'registry-wrong-digest',
      message: expect.stringMatching(/gave bytes of digest sha256:.* for sha256:/),
    });
  });

  it('of more bytes than announced is refused', async () => {
    faults({type: 'excess', bytes: 1});
    expect((await failed(fetched())).message).toContain(`more than the ${layer.size} bytes`);
  });

  it('that is missing is not found', async () => {
    const other = {...layer, digest: digestOf('other')};
    expect(await failed(collect(rig().client.fetchBlob(reference, other, signal)))).toMatchObject({
      kind: 'user',
      code: 'registry-not-found',
    });
  });

  it('survives errors of the registry before its first byte', async () => {
    faults({type: 'answer', status: 503}, {type: 'reset'}, {type: 'answer', status: 500});
    const {client, pauses} = rig();
    expect(digestOf(await fetched(client))).toBe(layer.digest);
    expect(pauses).toEqual([250, 500, 1000]);
  });

  it('has wrong ranges refused', async () => {
    registry.fault = ({before}) =>
      before === 0
        ? {type: 'cut', bytes: 1000}
        : {type: 'answer', status: 206, headers: {'content-range': 'bytes 2000-3000/4000'}, body: 'x'};
    expect((await failed(fetched())).message).toContain('gave status 206 for a whole blob');
  });
});

describe('a blob of which a part is here', () => {
  /** Has the first `bytes`, and is given the rest. */
  class Keeper implements BlobKeeper {
    readonly bytes: Uint8Array[];
    constructor(bytes: Uint8Array) {
      this.bytes = [bytes];
    }
    get size(): number {
      return this.bytes.reduce((sum, {length}) => sum + length, 0);
    }
    digest(): Digest {
      return digestOf(Buffer.concat(this.bytes));
    }
  }

  async function kept(keeper: Keeper): Promise<void> {
    for await (const piece of rig().client.fetchBlob(reference, layer, signal, keeper))
      keeper.bytes.push(Buffer.from(piece));
  }

  it('has only the rest fetched, and its digest made by whoever keeps it', async () => {
    const keeper = new Keeper(whole.subarray(0, 600_000));
    await kept(keeper);
    expect([keeper.size, keeper.digest()]).toEqual([layer.size, layer.digest]);
    expect(ranges()).toEqual(['600000-']);
  });

  it('is asked for no more when all of it is', async () => {
    const keeper = new Keeper(whole);
    await kept(keeper);
    expect([keeper.size, registry.log]).toEqual([layer.size, []]);
  });

  it('is taken up again where the connection broke again', async () => {
    faults({type: 'cut', bytes: 100_000});
    const keeper = new Keeper(whole.subarray(0, 600_000));
    await kept(keeper);
    expect(keeper.digest()).toBe(layer.digest);
    expect(ranges()).toEqual(['600000-', '700000-']);
  });

  it('is right where the registry knows no ranges', async () => {
    faults({type: 'no-range'});
    const keeper = new Keeper(whole.subarray(0, 600_000));
    await kept(keeper);
    expect(keeper.digest()).toBe(layer.digest);
  });

  it.each([
    ['without a word on where it begins', {type: 'answer', status: 206, body: 'x'}],
    [
      'from further on',
      {type: 'answer', status: 206, headers: {'content-range': 'bytes 700000-/1'}, body: 'x'},
    ],
    ['with an error', {type: 'answer', status: 400}],
  ] as const)('is fetched whole where the registry answers a range %s', async (_, fault) => {
    faults(fault);
    const keeper = new Keeper(whole.subarray(0, 600_000));
    await kept(keeper);
    expect(keeper.digest()).toBe(layer.digest);
    expect(ranges()).toEqual(['600000-', undefined]);
  });

  it('is refused when the part was wrong', async () => {
    const wrong = Buffer.from(whole.subarray(0, 600_000));
    wrong[5] = 1;
    expect(await failed(kept(new Keeper(wrong)))).toMatchObject({code: 'registry-wrong-digest'});
  });
});

describe('many blobs', () => {
  it('come at once, but not more than four from one registry', async () => {
    const {client} = rig();
    const downloads = Array.from({length: 5}, () => client.fetchBlob(reference, layer, signal));
    const [fifth, ...four] = downloads.reverse();
    // Asked for in order of arrival: the first four begin, the fifth waits.
    const begun = four.map((download) => download.next());
    let fifthBegan = false;
    const fifthBegins = fifth?.next().then(() => {
      fifthBegan = true;
    });
    await Promise.all(begun);
    expect([fifthBegan, registry.log.length]).toEqual([false, 4]);
    await four[0]?.return(undefined);
    await fifthBegins;
    expect(registry.log.length).toBe(5);
    await client.close();
  });

  it('make room when they are left early', async () => {
    const {client} = rig();
    for (let count = 0; count < 6; count++) {
      for await (const piece of client.fetchBlob(reference, layer, signal)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(digestOf(await fetched(client))).toBe(layer.digest);
  });

  it('make room when they fail', async () => {
    const {client} = rig();
    const other = {...layer, digest: digestOf('other')};
    for (let count = 0; count < 6; count++) {
      await failed(collect(client.fetchBlob(reference, other, signal)));
    }
    expect(digestOf(await fetched(client))).toBe(layer.digest);
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  async function aborted(start: (one: Rig, abort: AbortController) => Promise<unknown>): Promise<unknown> {
    const abort = new AbortController();
    return start(rig(), abort).catch((error: unknown) => error);
  }

  it('ends a download with its reason', async () => {
    faults({type: 'stall', bytes: 1000});
    const ended = await aborted(async ({client}, abort) => {
      for await (const _ of client.fetchBlob(reference, layer, abort.signal)) abort.abort(reason);
    });
    expect(ended).toBe(reason);
  });

  it('ends waiting for a slot', async () => {
    registry.fault = () => ({type: 'stall', bytes: 1000});
    const {client} = rig();
    const busy = new AbortController();
    const four = Array.from({length: 4}, () => collect(client.fetchBlob(reference, layer, busy.signal)));
    const abort = new AbortController();
    const fifth = collect(client.fetchBlob(reference, layer, abort.signal));
    abort.abort(reason);
    await expect(fifth).rejects.toBe(reason);
    busy.abort(reason);
    expect((await Promise.allSettled(four)).map(({status}) => status)).toEqual(Array(4).fill('rejected'));
    await client.close();
  });

  it('ends a connection that is not made yet', async () => {
    // An address for documentation (RFC 5737): nobody answers there.
    const {client} = rig();
    const abort = new AbortController();
    const waiting = client.resolve('192.0.2.1:5000/a:v1', {os: 'linux', architecture: 'amd64'}, abort.signal);
    setImmediate(() => abort.abort(reason));
    await expect(waiting).rejects.toBe(reason);
    await client.close();
  });

  it('that came before asks nobody', async () => {
    const ended = await aborted(({client}, abort) => {
      abort.abort(reason);
      return client.resolve(reference, {os: 'linux', architecture: 'amd64'}, abort.signal);
    });
    expect([ended, registry.log]).toEqual([reason, []]);
  });
});

describe('a small blob', () => {
  it('comes verified', async () => {
    expect(Buffer.compare(await rig().client.fetchSmall(reference, layer, signal), whole)).toBe(0);
    faults(undefined, {type: 'corrupt'});
    expect((await failed(rig().client.fetchSmall(reference, layer, signal))).code).toBe(
      'registry-wrong-digest',
    );
  });

  it('that is large is refused before it is fetched', async () => {
    const huge = {...layer, size: 17 * 1024 * 1024};
    expect((await failed(rig().client.fetchSmall(reference, huge, signal))).code).toBe('registry-too-large');
    expect(registry.log).toEqual([]);
  });
});
