// Content keys of earlier builds: when a walk says exactly what it said before, times and inodes included, the
// selection made of it has the key that it had before, and no record needs to be looked at. A fully cached build
// of 50,000 files then costs the walk and one hash over what it said. Format in docs/formats/stat-cache.md.

import {createHash} from 'node:crypto';
import type {Digest} from '../../oci/digest.ts';
import type {CopyPattern} from '../../tree/copy-pattern.ts';
import {canonicalJson} from '../../util/canonical-json.ts';
import type {StatCacheStore} from './file-digests.ts';

const magic = 'tsbkeys1';
const idBytes = 32;
const rowBytes = idBytes + 32;
// Instructions of a few Dockerfiles, in a few states of the directory each.
const rowsMax = 256;

export class KnownKeys {
  readonly #store: StatCacheStore;
  readonly #storeKey: string;
  #rows: Promise<Map<string, string>> | undefined;

  constructor(store: StatCacheStore, directory: string) {
    this.#store = store;
    this.#storeKey = `keys ${directory}`;
  }

  /** Everything that a content key depends on. */
  idOf(copy: CopyPattern, ignore: readonly string[], fingerprint: string): string {
    const sources = copy.sources.map(({path, wildcard}) => ({path, wildcard}));
    const {parents, excludes, nameless} = copy;
    const question = {sources, parents, excludes, nameless, ignore, fingerprint};
    return createHash('sha256')
      .update(`${magic}${canonicalJson(question)}`)
      .digest('hex');
  }

  async find(id: string): Promise<Digest | undefined> {
    const hex = (await this.#load()).get(id);
    return hex === undefined ? undefined : (`sha256:${hex}` as Digest);
  }

  async remember(id: string, digest: Digest): Promise<void> {
    const rows = await this.#load();
    const hex = digest.slice('sha256:'.length);
    if (rows.get(id) === hex) return;
    rows.delete(id);
    rows.set(id, hex);
    const newest = [...rows].slice(-rowsMax);
    const bytes = Buffer.from(newest.map(([one, key]) => one + key).join(''), 'hex');
    this.#store.save(this.#storeKey, Buffer.concat([Buffer.from(magic), bytes]));
  }

  #load(): Promise<Map<string, string>> {
    this.#rows ??= this.#store.load(this.#storeKey).then(rowsOf);
    return this.#rows;
  }
}

function rowsOf(stored: Uint8Array | undefined): Map<string, string> {
  const bytes = Buffer.from(stored ?? []);
  const rows = new Map<string, string>();
  if (bytes.toString('latin1', 0, magic.length) !== magic || (bytes.length - magic.length) % rowBytes !== 0) {
    return rows;
  }
  for (let at = magic.length; at < bytes.length; at += rowBytes) {
    rows.set(bytes.toString('hex', at, at + idBytes), bytes.toString('hex', at + idBytes, at + rowBytes));
  }
  return rows;
}
