// Everything in the state directory as items: what it is, how large, since when, who needs it. Read in one go, so that
// a remover can do it while nobody begins to use anything: sizes that take a walk were measured before.

import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {type Digest, digestOf, hexOf, parseDigest} from '../oci/digest.ts';
import type {LiveLeases} from '../store/leases.ts';
import {type NoteKind, wholeKey} from '../store/notes.ts';
import {partialBlobs} from '../store/partial-blobs.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {BlobReach} from './blob-reach.ts';
import type {Item, ItemType} from './item.ts';
import {type LayerFacts, layerFacts} from './tables.ts';

/** Sizes that take a walk: of layer directories by layer, of others by path below the root. */
export interface Measured {
  readonly layers: ReadonlyMap<string, number>;
  readonly others: ReadonlyMap<string, number>;
}

const plain = {
  parents: [],
  sharedBytes: 0,
  inUse: false,
  shared: false,
  garbage: false,
  pinned: undefined,
  depth: 0,
  blobs: [],
} as const;

const sourceTypes: Readonly<Record<string, ItemType>> = {
  http: 'source.http',
  git: 'source.git.checkout',
  archive: 'source.local',
  content: 'internal',
};

/** Every kind has a name, or it does not compile; `files` are of store/file-lists.ts. */
const noteNames: Readonly<Record<Exclude<NoteKind, 'stat' | 'size' | 'space'> | 'files', string>> = {
  parse: 'parsed Dockerfiles',
  content: 'digests of files in images',
  http: 'what servers said of remote files',
  archive: 'unpacked archives',
  git: 'checked-out commits',
  files: 'lists of copied files, to tell what changed',
  root: 'indexes of base images',
  'layer-blob': 'layers as exports wrote them',
  output: 'archives that were written',
  'blob-home': 'where registries have layers',
  upload: 'uploads that broke off',
};

/** Of layers that no step made. */
const fetchedNames: Readonly<Partial<Record<NoteKind, string>>> = {
  http: 'remote file',
  git: 'checked-out commit',
  archive: 'unpacked archive',
  content: 'files of the context, for a mount',
};

export function inventory(state: StateDirectory, leases: LiveLeases, measured: Measured): readonly Item[] {
  return new Inventory(state, leases, measured).read();
}

class Inventory {
  readonly #state: StateDirectory;
  readonly #leases: LiveLeases;
  readonly #measured: Measured;
  readonly #reach: BlobReach;
  /** How many items need a blob. */
  readonly #needs = new Map<Digest, number>();
  readonly #imaged = new Set<Digest>();

  constructor(state: StateDirectory, leases: LiveLeases, measured: Measured) {
    this.#state = state;
    this.#leases = leases;
    this.#measured = measured;
    this.#reach = new BlobReach(state.root);
  }

  read(): readonly Item[] {
    // Names first: what appears later is nobody's business here.
    const directories = namesIn(join(this.#state.root, 'layers'));
    const blobs = namesIn(join(this.#state.root, 'blobs', 'sha256'));
    const layers = layerFacts(this.#state.database, this.#leases);
    const items = [
      ...this.#images(),
      ...this.#resolved(),
      ...[...layers.values()].map((facts) => this.#layer(facts)),
    ];
    this.#count(items);
    const loose = blobs.flatMap((name) => parseDigest(`sha256:${name}`) ?? []);
    const referrers = this.#reach.referrers(
      loose.filter((digest) => !this.#needs.has(digest)),
      this.#imaged,
    );
    const whole = referrers.size === 0 ? items : items.map((item) => this.#withReferrers(item, referrers));
    return [
      ...whole.map((item) => this.#withShares(item)),
      ...directories.filter((name) => !layers.has(name)).map((name) => this.#stray(name)),
      ...blobs.flatMap((name) => this.#looseBlob(name)),
      ...this.#cacheMounts(),
      ...this.#failedSteps(),
      ...this.#documents('history', 'what is kept of a build'),
      ...this.#documents('unchanged', 'what a build found unchanged'),
      ...this.#notes(),
      ...this.#partials(new Set(blobs)),
      ...this.#work(),
    ];
  }

  #images(): Item[] {
    return this.#state.database.all('SELECT name, descriptor, created_ms FROM image').map((row) => {
      const name = String(row['name']);
      const {digest} = JSON.parse(String(row['descriptor'])) as {digest: Digest};
      const parts = this.#parts(this.#reach.from(digest));
      for (const part of parts) this.#imaged.add(part.digest);
      return {
        ...plain,
        id: hexOf(digest),
        type: 'image',
        description: name,
        bytes: sumOf(parts),
        createdMs: Number(row['created_ms']),
        usedMs: Number(row['created_ms']),
        inUse: this.#leases.blobs.has(digest),
        pinned: name.startsWith('<none>@') ? undefined : 'an image with a name',
        blobs: parts,
        removal: {kind: 'image', name},
      };
    });
  }

  #resolved(): Item[] {
    return this.#state.database
      .all('SELECT reference, platform, manifest_digest, resolved_ms FROM resolved')
      .map((row) => {
        const reference = String(row['reference']);
        const platform = String(row['platform']);
        const digest = row['manifest_digest'] as Digest;
        const parts = this.#parts(this.#reach.documentsFrom(digest));
        return {
          ...plain,
          id: hexOf(digest),
          type: 'internal',
          description: `manifest of ${reference} for ${platform}`,
          bytes: sumOf(parts),
          createdMs: Number(row['resolved_ms']),
          usedMs: Number(row['resolved_ms']),
          inUse: this.#leases.blobs.has(digest),
          blobs: parts,
          removal: {kind: 'resolved', reference, platform},
        };
      });
  }

  #layer(facts: LayerFacts): Item {
    const directory = this.#measured.layers.get(facts.id) ?? 0;
    const parts = this.#parts(facts.digest === undefined ? [] : [facts.digest]);
    const fetched = facts.source === undefined ? 'layer' : `layer of ${facts.source}`;
    const madeMs = statSync(this.#state.layerPath(facts.id), {throwIfNoEntry: false})?.ctimeMs;
    return {
      ...plain,
      id: facts.id,
      type: facts.noteKind === undefined ? 'regular' : (sourceTypes[facts.noteKind] ?? 'regular'),
      description: facts.name ?? (facts.noteKind && fetchedNames[facts.noteKind]) ?? fetched,
      parents: [...facts.parents],
      bytes: directory + sumOf(parts),
      createdMs: facts.createdMs,
      usedMs: facts.usedMs || (facts.reached ? facts.createdMs : (madeMs ?? facts.createdMs)),
      inUse: facts.inUse,
      garbage: !facts.reached,
      depth: facts.depth,
      blobs: parts,
      removal: {kind: 'layer', layer: facts.id},
    };
  }

  #count(items: readonly Item[]): void {
    for (const {blobs} of items)
      for (const {digest} of blobs) this.#needs.set(digest, (this.#needs.get(digest) ?? 0) + 1);
  }

  /** What is about an image goes with it. */
  #withReferrers(item: Item, referrers: ReadonlyMap<Digest, Digest>): Item {
    if (item.type !== 'image') return item;
    const own = new Set(item.blobs.map(({digest}) => digest));
    const parts = this.#parts([...referrers].flatMap(([digest, about]) => (own.has(about) ? digest : [])));
    this.#count([{...item, blobs: parts}]);
    return {...item, blobs: [...item.blobs, ...parts], bytes: item.bytes + sumOf(parts)};
  }

  #withShares(item: Item): Item {
    const shared = item.blobs.filter(({digest}) => (this.#needs.get(digest) ?? 0) > 1);
    const isShared =
      item.type === 'image' ? shared.length > 0 : shared.some(({digest}) => this.#imaged.has(digest));
    return {...item, sharedBytes: sumOf(shared), shared: isShared};
  }

  #stray(name: string): Item {
    return {
      ...plain,
      id: name,
      type: 'internal',
      description: 'directory of no layer',
      bytes: this.#measured.layers.get(name) ?? 0,
      createdMs: this.#changedMs(join('layers', name)),
      usedMs: this.#changedMs(join('layers', name)),
      inUse: this.#leases.snapshots.has(name),
      garbage: true,
      removal: {kind: 'stray-layer', layer: name},
    };
  }

  #looseBlob(name: string): Item[] {
    const digest = parseDigest(`sha256:${name}`);
    if (digest === undefined || this.#needs.has(digest)) return [];
    return [
      {
        ...plain,
        id: name,
        type: 'internal',
        description: 'blob that nothing leads to',
        bytes: sumOf(this.#parts([digest])),
        createdMs: this.#changedMs(join('blobs', 'sha256', name)),
        usedMs: this.#changedMs(join('blobs', 'sha256', name)),
        inUse: this.#leases.blobs.has(digest),
        garbage: true,
        blobs: this.#parts([digest]),
        removal: {kind: 'blob'},
      },
    ];
  }

  #cacheMounts(): Item[] {
    return this.#state.cacheMounts.list().map((mount) => ({
      ...plain,
      id: mount.folder,
      type: 'exec.cachemount',
      description: mount.id === undefined ? 'cache mount' : `cache mount ${mount.id}`,
      bytes: this.#other(join('cache-mounts', mount.folder)),
      createdMs: mount.createdMs,
      usedMs: mount.usedMs,
      inUse: mount.inUse,
      removal: {kind: 'cache-mount', folder: mount.folder},
    }));
  }

  #failedSteps(): Item[] {
    return namesIn(join(this.#state.root, 'failed')).map((project) => {
      const path = join('failed', project);
      return {
        ...plain,
        id: project,
        type: 'failed',
        description: `what a failed step had written: ${this.#failedName(path)}`,
        bytes: this.#other(path),
        createdMs: this.#changedMs(path),
        usedMs: this.#changedMs(path),
        removal: {kind: 'directory', path},
      };
    });
  }

  /** What can go any time, and stands for itself. */
  #documents(folder: string, description: string): Item[] {
    return namesIn(join(this.#state.root, folder)).map((name) => {
      const path = join(folder, name);
      return {
        ...plain,
        id: name,
        type: 'internal',
        description,
        bytes: this.#other(path),
        createdMs: this.#changedMs(path),
        usedMs: this.#changedMs(path),
        removal: {kind: 'directory', path},
      };
    });
  }

  #failedName(path: string): string {
    try {
      const text = readFileSync(join(this.#state.root, path, 'step.json'), 'utf8');
      return String((JSON.parse(text) as {name?: unknown}).name);
    } catch {
      return 'unreadable';
    }
  }

  /** Stat caches one by one, since each belongs to a context; other notes by kind. */
  #notes(): Item[] {
    const sql = `SELECT kind, CASE WHEN kind = 'stat' THEN ${wholeKey} END AS one,
        SUM(length(value) + length(key)) AS bytes
      FROM note WHERE kind NOT IN ('size', 'space') GROUP BY kind, one`;
    return this.#state.database.all(sql).map((row) => {
      const noteKind = String(row['kind']);
      const key = row['one'] === null ? undefined : String(row['one']);
      return {
        ...plain,
        id: key === undefined ? `notes-${noteKind}` : hexOf(digestOf(key)),
        type: key === undefined ? 'internal' : 'source.local',
        description:
          key === undefined
            ? (new Map(Object.entries(noteNames)).get(noteKind) ?? noteKind)
            : key.replace(/^(keys )?/, (keys) =>
                keys === '' ? 'file times of ' : 'digests of copies from ',
              ),
        bytes: Number(row['bytes']),
        createdMs: 0,
        usedMs: undefined,
        removal: {kind: 'note', noteKind, key},
      };
    });
  }

  #partials(whole: ReadonlySet<string>): Item[] {
    return partialBlobs(this.#state.root).map(({name, digest, bytes, writtenMs, isStale}) => ({
      ...plain,
      id: name,
      type: 'internal',
      description: 'part of a blob whose transfer broke off',
      bytes,
      createdMs: writtenMs,
      usedMs: writtenMs,
      inUse: this.#leases.blobs.has(digest),
      garbage: isStale || whole.has(hexOf(digest)),
      removal: {kind: 'directory', path: join('partial', name)},
    }));
  }

  #work(): Item[] {
    return this.#state.staleWork().map((path) => ({
      ...plain,
      id: path.slice(path.lastIndexOf('/') + 1),
      type: 'internal',
      description: 'left by a process that has ended',
      bytes: this.#other(join('work', path.slice(path.lastIndexOf('/') + 1))),
      createdMs: 0,
      usedMs: 0,
      garbage: true,
      removal: {kind: 'work', path},
    }));
  }

  #other(path: string): number {
    return this.#measured.others.get(path) ?? 0;
  }

  #changedMs(path: string): number {
    return statSync(join(this.#state.root, path), {throwIfNoEntry: false})?.ctimeMs ?? 0;
  }

  #parts(digests: Iterable<Digest>): Item['blobs'] {
    return [...digests].map((digest) => ({digest, bytes: this.#reach.bytesOf(digest)}));
  }
}

function sumOf(parts: Item['blobs']): number {
  return parts.reduce((sum, {bytes}) => sum + bytes, 0);
}

export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
