// Which layers have their directory here. One that continues another has the rest of its files in the directory of
// that one, and is here only while both are (docs/adr/0022).

import {existsSync, renameSync} from 'node:fs';
import {dirname} from 'node:path';
import type {Helper} from '../helper/helper.ts';
import type {OnLook} from '../store/blob-store.ts';
import type {StateDirectory} from '../store/state-directory.ts';
import {isTrusted, type LayerId, type LayerRow, type LayerTable} from './layer-table.ts';

export interface LayerDirectoriesOptions {
  readonly state: StateDirectory;
  readonly helper: () => Promise<Helper>;
  /** Told of the directories of layers, and whether they are here. */
  readonly onLook?: OnLook;
}

export class LayerDirectories {
  readonly #options: LayerDirectoriesOptions;
  readonly #table: LayerTable;
  /** Seen: a step on a hundred layers must not ask for each of them again. */
  readonly #here = new Set<LayerId>();
  /** Of those, the ones that continue another layer, and which. */
  readonly #continued = new Map<LayerId, LayerId>();

  constructor(options: LayerDirectoriesOptions, table: LayerTable) {
    this.#options = options;
    this.#table = table;
  }

  /** Whether `has` said so before. */
  isKnown(id: LayerId): boolean {
    return this.#here.has(id);
  }

  has(row: LayerRow): boolean {
    if (this.#here.has(row.id)) return true;
    const {state, onLook} = this.#options;
    if (!isTrusted(row, state.bootId)) return false;
    const path = state.layerPath(row.id);
    const isHere = existsSync(path);
    onLook?.(path, isHere);
    if (!isHere) return false;
    const {continues} = row;
    if (continues !== undefined) {
      const below = this.#table.layer(continues);
      if (below === undefined || !this.has(below)) return false;
      this.#continued.set(row.id, continues);
    }
    this.#here.add(row.id);
    return true;
  }

  isContinued(id: LayerId): boolean {
    return this.#continued.has(id);
  }

  /** Directories of a layer that is here, topmost first. */
  pathsOf(id: LayerId): readonly string[] {
    const continued = this.#continued.get(id);
    return (continued === undefined ? [id] : [id, continued]).map((one) =>
      this.#options.state.layerPath(one),
    );
  }

  /**
   * Gives a finished work directory its name. Overlayfs's own directory stays beside the files, empty
   * (`Workplaces.strip`) and of no more use.
   */
  async place(work: string, id: LayerId, continues?: LayerId): Promise<void> {
    const path = dirname(this.#options.state.layerPath(id));
    try {
      renameSync(work, path);
    } catch (error) {
      // A directory that lost its row (a torn one after a power cut) makes way for the new one.
      const {code} = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      const helper = await this.#options.helper();
      await helper.request('remove', [`path=${path}`]);
      renameSync(work, path);
    }
    if (continues !== undefined) this.#continued.set(id, continues);
    this.#here.add(id);
  }
}
