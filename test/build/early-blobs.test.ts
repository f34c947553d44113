// What is packed before the export asks for it, and what that may never do: hold up a step, or fail a build.

import {describe, expect, it} from 'vitest';
import {EarlyBlobs} from '../../src/build/early-blobs.ts';
import type {CopyAction, ExecOp, FileOp, Op} from '../../src/graph/op.ts';
import {type Vertex, vertex} from '../../src/graph/vertex.ts';
import {type DiffId, digestOf} from '../../src/oci/digest.ts';
import type {LayerRow} from '../../src/snapshot/layer-table.ts';
import type {WrittenLayer} from '../../src/snapshot/layer-writer.ts';
import {type Deferred, deferred} from '../../src/util/deferred.ts';

const never = new AbortController().signal;
const written: WrittenLayer = {
  diffId: digestOf('tar') as string as DiffId,
  descriptor: {mediaType: 'application/x', digest: digestOf('blob'), size: 1},
};

/** Layers that are packed when their gate opens; snapshot and layer have the same name. */
class GatedLayers {
  readonly begun: string[] = [];
  readonly #gates = new Map<string, Deferred<WrittenLayer>>();
  readonly #sources: Readonly<Record<string, string>>;

  constructor(sources: Readonly<Record<string, string>> = {}) {
    this.#sources = sources;
  }

  gate(layer: string): Deferred<WrittenLayer> {
    const known = this.#gates.get(layer) ?? deferred<WrittenLayer>();
    this.#gates.set(layer, known);
    return known;
  }

  stackOf(id: string) {
    return [{id, parent: undefined, layer: id, epochSeconds: 0}];
  }

  layerRow(id: string): LayerRow {
    const source = this.#sources[id];
    const rest = {diffId: undefined, blob: undefined, createdMs: 0, bootId: '', durable: false};
    return {id, hasDirectory: true, source, ...rest};
  }

  earlyBlobOf(layer: string, signal: AbortSignal): Promise<WrittenLayer> {
    this.begun.push(layer);
    const {promise, reject} = this.gate(layer);
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
    return promise;
  }
}

const base = step('base', {
  kind: 'source',
  source: {
    type: 'image',
    reference: 'example.org/base:1',
    manifestDigest: digestOf('base'),
    platform: {os: 'linux', architecture: 'amd64'},
  },
});

function step(name: string, op: Op, ...inputs: Vertex[]): Vertex {
  return vertex(op, inputs, {name});
}

/** Input 0 is the base, input 1 where files come from. */
function copy(name: string, ...inputs: [Vertex, Vertex]): Vertex {
  const action: CopyAction = {
    type: 'copy',
    input: 1,
    sources: [{path: '/', wildcard: false}],
    destination: `/${name}`,
    unpack: false,
    parents: false,
    excludes: [],
  };
  return step(name, {kind: 'file', base: 0, actions: [action]} satisfies FileOp, ...inputs);
}

function run(name: string, root: Vertex): Vertex {
  const op: ExecOp = {
    kind: 'exec',
    args: [name],
    env: [],
    cwd: '/',
    user: '',
    hostname: '',
    network: 'none',
    security: 'sandbox',
    mounts: [],
    extraHosts: [],
    proxyEnv: [],
    shmSizeBytes: 0,
    ulimits: [],
    platform: {os: 'linux', architecture: 'amd64'},
    rootInput: 0,
  };
  return step(name, op, root);
}

/** Lets go on what can. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('early blobs', () => {
  const compiled = run('compile', base);
  const copied = copy('copied', base, compiled);
  const installed = run('install', copied);
  const last = run('last', installed);

  it('are of the layers below the end of the image, and not of a stage that only files come from', async () => {
    const layers = new GatedLayers();
    await using early = new EarlyBlobs([last], layers, never);
    for (const {id, origin} of [compiled, copied, installed, last]) early.offer(id, origin.name);
    layers.gate('copied').resolve(written);
    await turn();
    expect(layers.begun).toEqual(['copied', 'install']);
  });

  it('are also of what ends one of several images, and of what is merged', async () => {
    const layers = new GatedLayers();
    const merged = step('merge', {kind: 'merge'}, copied, installed);
    await using early = new EarlyBlobs([merged, compiled], layers, never);
    early.offer(compiled.id, 'compile');
    layers.gate('compile').resolve(written);
    await turn();
    early.offer(installed.id, 'install');
    expect(layers.begun).toEqual(['compile', 'install']);
  });

  it('are not of layers that another machine has', async () => {
    const layers = new GatedLayers({copied: 'cache:one'});
    await using early = new EarlyBlobs([last], layers, never);
    early.offer(copied.id, 'copied');
    expect(layers.begun).toEqual([]);
  });

  it('are made one at a time; what has not begun when the exports do is left to them', async () => {
    const layers = new GatedLayers();
    await using early = new EarlyBlobs([last], layers, never);
    early.offer(copied.id, 'copied');
    early.offer(installed.id, 'install');
    await turn();
    expect(layers.begun).toEqual(['copied']);
    early.handOver();
    layers.gate('copied').resolve(written);
    await turn();
    expect(layers.begun).toEqual(['copied']);
  });

  it('may fail: nobody hears of it, and the next one is made', async () => {
    const layers = new GatedLayers();
    await using early = new EarlyBlobs([last], layers, never);
    early.offer(copied.id, 'copied');
    early.offer(installed.id, 'install');
    layers.gate('copied').reject(new Error('no space left on device'));
    await turn();
    expect(layers.begun).toEqual(['copied', 'install']);
  });

  it.each(['its end', 'a signal'])('end with the build: %s', async (how) => {
    const layers = new GatedLayers();
    const abort = new AbortController();
    const early = new EarlyBlobs([last], layers, abort.signal);
    early.offer(copied.id, 'copied');
    early.offer(installed.id, 'install');
    if (how === 'a signal') abort.abort(new Error('interrupted'));
    await early[Symbol.asyncDispose]();
    await expect(layers.gate('copied').promise).rejects.toThrow();
    expect(layers.begun).toEqual(['copied']);
  });
});
