// The entries of a tar, one after the other, whatever dialect they are written in (v7, ustar, pax, GNU), and where in
// the archive their data are. The bytes are anybody's: every number is checked, no header may grow without bounds, and
// an archive that ends early is an error. What is refused is refused with its place in the archive and the entry.

import {type BuildError, buildError} from '../diagnostics/build-error.ts';
import {type Extension, entryOf, noExtension, type TarEntry} from './entry.ts';
import {blockBytes, isZero, paddingOf, parseHeader, type TarHeader, textOf} from './header.ts';
import {paxRecords} from './pax-records.ts';
import {checkRuns, oldSparseFile, paxSparseFile, type SparseFile, type TarRun} from './sparse.ts';
import {TarProblem} from './tar-problem.ts';
import {endsTooEarly, type TarSource} from './tar-source.ts';

export interface PlacedEntry {
  readonly entry: TarEntry;
  /** In the archive, of its first byte of data: its runs stand there, without what lies between them. */
  readonly dataAt: number;
  /** Of a file; others have no data. */
  readonly runs: readonly TarRun[];
}

/** How messages call the archive. */
export interface TarNaming {
  readonly name: string;
  /** For what is no tar from its first byte on. */
  readonly hint: string;
}

/** Of a pax header or a GNU long name: as Go's archive/tar, far more than any real one. */
const extensionMax = 1024 * 1024;
/** Of a name in a message. */
const nameMax = 200;

export class TarWalk {
  readonly #source: TarSource;
  readonly #naming: TarNaming;
  /** Of the header behind what is known. */
  #nextAt = 0;
  /** Of what is looked at. */
  #at = 0;
  #latest: string | undefined;

  constructor(source: TarSource, naming: TarNaming) {
    this.#source = source;
    this.#naming = naming;
  }

  /** Undefined at the end. Throws BuildError('user') where the bytes are no tar, or end before it does. */
  next(): Promise<PlacedEntry | undefined> {
    return this.checked(() => this.#next());
  }

  /** Does something with the archive; its TarProblems become errors that say where. */
  async checked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof TarProblem ? this.#damaged(error) : error;
    }
  }

  async #next(): Promise<PlacedEntry | undefined> {
    for (let extension = noExtension; ; ) {
      await this.#source.seek(this.#nextAt);
      this.#at = this.#nextAt;
      const block = await this.#header();
      if (block === undefined) return undefined;
      const header = parseHeader(block);
      const extended = await this.#extended(header, extension);
      if (extended === undefined) return this.#placed(block, header, extension);
      extension = extended;
    }
  }

  /** Two blocks of zeros are the end; the second, or both, may be missing, but nothing else stand there. */
  async #header(): Promise<Buffer | undefined> {
    const block = await this.#source.take(blockBytes);
    if (block.length === 0) return undefined;
    if (block.length < blockBytes) throw endsTooEarly();
    if (!isZero(block)) return block;
    const second = await this.#source.take(blockBytes);
    if (second.length === 0) return undefined;
    if (second.length < blockBytes) throw endsTooEarly();
    if (!isZero(second)) throw new TarProblem('something behind its end mark');
    return undefined;
  }

  /** What is known of the next entry behind an extended header; undefined: this is an entry. */
  async #extended(header: TarHeader, known: Extension): Promise<Extension | undefined> {
    switch (header.type) {
      case 'x':
        return {...known, pax: paxRecords(await this.#extensionData(header))};
      case 'L':
        return {...known, longName: textOf(await this.#extensionData(header))};
      case 'K':
        return {...known, longLink: textOf(await this.#extensionData(header))};
      case 'g':
        // It must be whole; what it says of all entries counts for nothing, as for docker.
        paxRecords(await this.#extensionData(header));
        return known;
      case 'V':
        // The label of a volume.
        this.#pass(header.size);
        return known;
      default:
        return undefined;
    }
  }

  async #extensionData({size}: TarHeader): Promise<Buffer> {
    if (size > extensionMax) throw new TarProblem(`an extended header of ${size} bytes`);
    const data = await this.#exactly(size);
    this.#pass(size);
    return data;
  }

  async #placed(block: Buffer, header: TarHeader, extension: Extension): Promise<PlacedEntry> {
    const entry = entryOf(header, extension);
    this.#latest = entry.path;
    const stored = entry.size;
    const {sparse, inFront, mapBytes} = await this.#holes(block, entry, extension);
    if (sparse !== undefined) checkRuns(sparse, stored - mapBytes);
    this.#nextAt = this.#at + blockBytes + inFront;
    const dataAt = this.#nextAt + mapBytes;
    this.#pass(stored, this.#nextAt);
    const runs = sparse?.runs ?? (stored === 0 ? [] : [{offset: 0, length: stored}]);
    return {entry: {...entry, size: sparse?.size ?? stored}, dataAt, runs};
  }

  /** `inFront`: bytes of the map that do not count as stored; `mapBytes`: those that do. */
  async #holes(
    block: Buffer,
    {kind, size}: TarEntry,
    {pax}: Extension,
  ): Promise<{sparse: SparseFile | undefined; inFront: number; mapBytes: number}> {
    const begin = this.#source.position;
    const take = (length: number): Promise<Buffer> => this.#exactly(length);
    if (block.toString('latin1', 156, 157) === 'S') {
      const sparse = await oldSparseFile(block, take);
      return {sparse, inFront: this.#source.position - begin, mapBytes: 0};
    }
    const sparse = await paxSparseFile(pax, size, take);
    if (sparse !== undefined && kind !== 'file') throw new TarProblem(`a sparse file that is a ${kind}`);
    return {sparse, inFront: 0, mapBytes: this.#source.position - begin};
  }

  async #exactly(length: number): Promise<Buffer> {
    const taken = await this.#source.take(length);
    if (taken.length < length) throw endsTooEarly();
    return taken;
  }

  /** The next header stands behind so many bytes. */
  #pass(size: number, from = this.#at + blockBytes): void {
    this.#nextAt = from + size + paddingOf(size);
    if (!Number.isSafeInteger(this.#nextAt)) throw new TarProblem(`an entry of ${size} bytes`);
  }

  #damaged({message}: TarProblem): BuildError {
    const {name, hint} = this.#naming;
    const entry =
      this.#latest === undefined ? '' : `, entry ${JSON.stringify(this.#latest.slice(0, nameMax))}`;
    const text = `${name} is no valid tar: ${message} (at byte ${this.#at}${entry})`;
    return buildError('user', 'archive-damaged', text, this.#at === 0 ? {hints: [hint]} : {});
  }
}
