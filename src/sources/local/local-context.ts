// A directory of the host as a source: read in place, never copied as a whole. A build scans the parts that its
// instructions can reach, once; what an instruction takes is keyed by content. Files count as owned by 0:0.

import {type Helper, viewArguments} from '../../helper/helper.ts';
import type {Digest} from '../../oci/digest.ts';
import type {OnLook} from '../../store/blob-store.ts';
import {type ContentDigestOptions, contentDigestOf} from '../../tree/content-digest.ts';
import {type CopyPattern, walkRootsOf} from '../../tree/copy-pattern.ts';
import {encodeFileList} from '../../tree/file-list.ts';
import {encodeRecords, isRegularFile, type TreeRecord} from '../../tree/record.ts';
import {type Selection, selectScanning} from '../../tree/select.ts';
import {isSettled} from '../../tree/settled.ts';
import type {Tree} from '../../tree/tree.ts';
import {type Clock, systemClock} from '../../util/clock.ts';
import {ContextScan, type OnWalk} from './context-scan.ts';
import {FileDigests, type StatCacheStore} from './file-digests.ts';
import {type IgnoreRules, readIgnoreRules} from './ignore-rules.ts';
import {KnownKeys} from './known-keys.ts';

export interface LocalContextOptions {
  /** As in LocalSource: `context`, or the name of a named one. */
  readonly name: string;
  readonly directory: string;
  /** Path of the Dockerfile on the host, if it has one: `<dockerfile>.dockerignore` then wins. */
  readonly dockerfile?: string;
  readonly statCache: StatCacheStore;
  /** Told what a copy takes, file by file, when that is not what it was. */
  readonly onSelected?: (contentDigest: Digest, list: () => Uint8Array | undefined) => void;
  /** Told what the context's files are read from, and what walks say. */
  readonly onLook?: OnLook;
  readonly onWalk?: OnWalk;
  readonly clock?: Clock;
  /** Asked for only when there is something to scan. */
  helper(): Promise<Helper>;
}

export interface LocalSelection {
  readonly selection: Selection;
  readonly contentDigest: Digest;
}

export class LocalContext {
  readonly name: string;
  readonly directory: string;
  readonly #options: LocalContextOptions;
  readonly #digests: FileDigests;
  readonly #keys: KnownKeys;
  #rules: Promise<IgnoreRules> | undefined;
  #scan: Promise<ContextScan> | undefined;
  /** An instruction asks twice: for its key, and to copy. */
  readonly #selections = new WeakMap<CopyPattern, Promise<LocalSelection>>();

  constructor(options: LocalContextOptions) {
    this.name = options.name;
    this.directory = options.directory;
    this.#options = options;
    this.#digests = new FileDigests({
      directory: options.directory,
      store: options.statCache,
      helper: () => options.helper(),
    });
    this.#keys = new KnownKeys(options.statCache, options.directory);
  }

  /** The view of copy and mount requests. */
  viewArguments(): string[] {
    return viewArguments({dir: this.directory});
  }

  /** Patterns of the ignore file, for lint rules and mounts; undefined when nothing is ignored. */
  async ignoreRules(): Promise<IgnoreRules> {
    this.#rules ??= readIgnoreRules(this.directory, this.#options.dockerfile, this.#options.onLook);
    return this.#rules;
  }

  /**
   * Scans these walk roots. To scan once per build, give the roots of all instructions before the first is asked
   * about; what an instruction needs beyond them is scanned then.
   */
  async scan(roots: readonly string[], signal?: AbortSignal): Promise<void> {
    await (await this.#theScan()).extend(roots, signal);
  }

  /** What is at and below these walk roots, without what is ignored. */
  async treeOf(roots: readonly string[], signal: AbortSignal): Promise<Tree> {
    return (await this.#theScan()).treeOf(roots, signal);
  }

  /** The key of what a copy takes. Cheaper than `select` when nothing changed. Throws as `select` does. */
  async contentDigest(copy: CopyPattern, signal?: AbortSignal): Promise<Digest> {
    const id = await this.#idOf(copy, signal);
    return (await this.#keys.find(id)) ?? (await this.select(copy, signal)).contentDigest;
  }

  /** What a copy takes, and the key of its content. Throws BuildError('user') when a source is not there. */
  select(copy: CopyPattern, signal?: AbortSignal): Promise<LocalSelection> {
    const known = this.#selections.get(copy);
    if (known !== undefined) return known;
    const selected = this.#select(copy, signal);
    this.#selections.set(copy, selected);
    // An aborted attempt must not answer the next one.
    selected.catch(() => this.#selections.delete(copy));
    return selected;
  }

  /** Throws as `select` does, and reads no file. */
  async require(copy: CopyPattern, signal: AbortSignal): Promise<void> {
    const scan = await this.#theScan();
    await selectScanning(copy, (roots) => scan.treeOf(roots, signal));
  }

  async #select(copy: CopyPattern, signal: AbortSignal | undefined): Promise<LocalSelection> {
    const scan = await this.#theScan();
    const selection = await selectScanning(copy, (roots) => scan.treeOf(roots, signal));
    const [only, ...others] = selection.sources;
    const records =
      others.length === 0 ? (only?.entries ?? []) : selection.sources.flatMap(({entries}) => entries);
    await this.#digests.learn(records, scan, signal);
    const digesting: ContentDigestOptions = {
      ownership: 'reset',
      digestOf: (record) => this.#digests.of(record),
      nameless: copy.nameless,
    };
    const contentDigest = contentDigestOf(selection, digesting);
    this.#options.onSelected?.(contentDigest, () => encodeFileList(selection, digesting));
    // A file that can still change unseen may have done so.
    if (
      isCoveredBy(walkRootsOf(copy), selection) &&
      records.every((record) => !isRegularFile(record) || isSettled(record, scan.startMs))
    ) {
      await this.#keys.remember(await this.#idOf(copy, signal), contentDigest);
    }
    return {selection, contentDigest};
  }

  async #idOf(copy: CopyPattern, signal: AbortSignal | undefined): Promise<string> {
    const {matcher} = await this.ignoreRules();
    const ignore = matcher?.patterns.map(({text, exclusion}) => `${exclusion ? '!' : ''}${text}`) ?? [];
    const fingerprint = await (await this.#theScan()).fingerprintOf(walkRootsOf(copy), signal);
    return this.#keys.idOf(copy, ignore, fingerprint);
  }

  /**
   * Whether the files are still those that were selected. Asked after they were copied, before the result is
   * remembered under their content: somebody may have edited one in between.
   */
  async isUnchanged(copy: CopyPattern, selected: Selection, signal?: AbortSignal): Promise<boolean> {
    const scan = await this.#newScan();
    // Mostly the walk says what it said before, and no record needs to be looked at.
    const roots = walkRootsOf(copy);
    const isCovered = isCoveredBy(roots, selected);
    if (isCovered && (await scan.repeats(await this.#theScan(), roots, signal))) return true;
    const fresh = await selectScanning(copy, (roots) => scan.treeOf(roots, signal));
    return (
      fresh.sources.length === selected.sources.length &&
      fresh.sources.every((source, index) => {
        const before = selected.sources[index];
        return (
          before !== undefined &&
          before.path === source.path &&
          before.entries.length === source.entries.length &&
          before.entries.every((record, at) => isSameFile(record, source.entries[at]))
        );
      })
    );
  }

  /** Whether these files, of a walk of `roots`, are still what they were then. */
  async areUnchanged(
    records: readonly TreeRecord[],
    roots: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const fresh = await (await this.#newScan()).treeOf(roots, signal);
    return records.every((record) => isSameFile(record, fresh.at(record.path)));
  }

  /** The walk of what was selected, for a later one to be compared with (tree/tree-change.ts). */
  async walkOf({sources}: Selection): Promise<Uint8Array> {
    const {startMs} = await this.#theScan();
    const records = sources.flatMap(({entries}) => entries);
    // What could still change unseen may have done so when it was copied.
    return encodeRecords(records, (record) => isSettled(record, startMs));
  }

  #theScan(): Promise<ContextScan> {
    this.#scan ??= this.#newScan();
    return this.#scan;
  }

  async #newScan(): Promise<ContextScan> {
    const {directory, clock = systemClock, onWalk} = this.#options;
    return new ContextScan({
      directory,
      clock,
      onWalk,
      rules: await this.ignoreRules(),
      helper: () => this.#options.helper(),
    });
  }
}

/** Behind a symlink there may be more than a walk of these roots tells of. */
function isCoveredBy(roots: readonly string[], {followedLinks}: Selection): boolean {
  return followedLinks === undefined || roots.includes('.');
}

function isSameFile(a: TreeRecord, b: TreeRecord | undefined): boolean {
  return (
    b !== undefined &&
    a.path === b.path &&
    a.mode === b.mode &&
    a.inode === b.inode &&
    a.size === b.size &&
    a.linkTarget === b.linkTarget &&
    a.mtimeSeconds === b.mtimeSeconds &&
    a.mtimeNanoseconds === b.mtimeNanoseconds &&
    a.ctimeSeconds === b.ctimeSeconds &&
    a.ctimeNanoseconds === b.ctimeNanoseconds
  );
}
