// What sources are tested on: a state directory of their own with real snapshots, and a helper that only knows
// `remove`.

import {lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Helper} from '../../src/helper/helper.ts';
import {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';
import {Notes} from '../../src/store/notes.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {assert} from '../../src/util/assert.ts';

const removing: Helper = {
  async request(verb, args) {
    assert(verb === 'remove', `this helper only removes, not ${verb}`);
    for (const arg of args) rmSync(arg.slice('path='.length), {recursive: true, force: true});
    return new Map();
  },
  close: async () => {},
};

export class SourceWorld implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'tsbuild-source-'));
  readonly state: StateDirectory = openStateDirectory(this.root);
  readonly notes = new Notes(this.state.database);
  readonly blobs = new LocalBlobStore(this.root);
  readonly snapshotter: Snapshotter;

  constructor() {
    this.snapshotter = new Snapshotter({
      state: this.state,
      blobs: this.blobs,
      helper: async () => removing,
      clock: {nowMs: () => 1000},
      onLayerProgress: () => {},
      source: {
        fetch: () => assert(false, 'nothing is fetched here') as never,
        decompress: (_kind, bytes) => bytes,
      },
    });
  }

  /** Directory of a snapshot of one layer. */
  directoryOf(snapshot: string): string {
    const [layer = ''] = this.snapshotter.layersOf(snapshot);
    return this.state.layerPath(layer);
  }

  /** One line for each entry below the snapshot's root: `0644 path = text`, `link path -> target`, `0755 path/`. */
  listing(snapshot: string): string[] {
    return linesOf(this.directoryOf(snapshot), '');
  }

  /** What is in the making; empty when everything was cleaned up. */
  async leftovers(): Promise<string[]> {
    await this.snapshotter.cleanUp();
    return readdirSync(join(this.root, 'work'));
  }

  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
    rmSync(this.root, {recursive: true, force: true});
  }
}

function linesOf(directory: string, prefix: string): string[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      const shown = `${prefix}${name}`;
      const status = lstatSync(path);
      const mode = (status.mode & 0o7777).toString(8).padStart(4, '0');
      if (status.isSymbolicLink()) return [`link ${shown} -> ${readlinkSync(path)}`];
      if (status.isDirectory()) return [`${mode} ${shown}/`, ...linesOf(path, `${shown}/`)];
      return [`${mode} ${shown} = ${readFileSync(path, 'utf8')}`];
    });
}
