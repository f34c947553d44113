// Files with holes, in the four ways of GNU tar: the map of what is data stands in the header of type S, in pax records
// (0.0 and 0.1), or in front of the data (1.0). A map that does not fit what is stored is refused.

import {blockBytes, numberIn} from './header.ts';
import type {PaxRecords} from './pax-records.ts';
import {TarProblem} from './tar-problem.ts';

/** Data of a file; what lies between runs is zeros. */
export interface TarRun {
  readonly offset: number;
  readonly length: number;
}

export interface SparseFile {
  readonly size: number;
  readonly runs: readonly TarRun[];
}

/** The next bytes of the archive. */
export type TakeBytes = (length: number) => Promise<Buffer>;

/** More than any file system would give; each is remembered. */
const runsMax = 1024 * 1024;
/** Holes cost nothing to write down, and much to read. */
const sizeMax = 2 ** 40;
const runsInHeader = 4;
const runsInBlock = 21;
const zeroPiece = new Uint8Array(64 * 1024);

/** The file of a header of type S, whose further blocks are taken. */
export async function oldSparseFile(header: Buffer, take: TakeBytes): Promise<SparseFile> {
  const size = numberIn(header.subarray(483, 495), 'sparse size');
  const runs: TarRun[] = [];
  addRuns(header.subarray(386), runsInHeader, runs);
  let more = header[482] !== 0;
  while (more) {
    const block = await take(blockBytes);
    addRuns(block, runsInBlock, runs);
    more = block[504] !== 0;
  }
  return {size, runs};
}

/** What pax records tell of holes; `stored` bytes follow, of which a map of 1.0 is taken. Undefined: nothing. */
export async function paxSparseFile(
  records: PaxRecords,
  stored: number,
  take: TakeBytes,
): Promise<(SparseFile & {readonly mapBytes: number}) | undefined> {
  if (!records.all.some(([key]) => key.startsWith('GNU.sparse.'))) return undefined;
  const version = `${records.natural('GNU.sparse.major') ?? 0}.${records.natural('GNU.sparse.minor') ?? 0}`;
  const size = records.natural('GNU.sparse.realsize') ?? records.natural('GNU.sparse.size');
  if (size === undefined) throw new TarProblem('a sparse file without a size');
  if (version === '1.0') {
    const {numbers, mapBytes} = await mapInFront(stored, take);
    return {size, runs: paired(numbers), mapBytes};
  }
  if (version !== '0.0' && version !== '0.1') throw new TarProblem(`a sparse file of version ${version}`);
  const map = records.text('GNU.sparse.map');
  return {size, runs: paired(map === undefined ? listed(records) : map.split(',')), mapBytes: 0};
}

/** Runs are in order, within the file, and just as long as what is `stored`. */
export function checkRuns({size, runs}: SparseFile, stored: number): void {
  if (size < 0 || size > sizeMax) throw new TarProblem(`a sparse file of ${size} bytes`);
  let end = 0;
  let data = 0;
  for (const {offset, length} of runs) {
    if (offset < end || length > size - offset) throw new TarProblem('a sparse file whose map is no map');
    end = offset + length;
    data += length;
  }
  if (data !== stored) throw new TarProblem(`a sparse file of ${data} bytes of data, with ${stored} stored`);
}

/** The whole content: zeros, and what `data` gives from `at` on, counted in stored bytes. */
export async function* withHoles(
  size: number,
  runs: readonly TarRun[],
  data: (at: number, length: number) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let end = 0;
  let stored = 0;
  for (const {offset, length} of runs) {
    yield* zeros(offset - end);
    yield* data(stored, length);
    end = offset + length;
    stored += length;
  }
  yield* zeros(size - end);
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeroPiece.length) yield zeroPiece.subarray(0, left);
}

function addRuns(fields: Buffer, count: number, runs: TarRun[]): void {
  for (let at = 0; at < 24 * count && fields[at] !== 0; at += 24) {
    const offset = numberIn(fields.subarray(at, at + 12), 'sparse map');
    const length = numberIn(fields.subarray(at + 12, at + 24), 'sparse map');
    runs.push(runOf(offset, length, runs.length));
  }
}

/** Format 0.0: a record for each offset, each followed by one for the length. */
function listed(records: PaxRecords): string[] {
  const numbers: string[] = [];
  for (const [key, value] of records.all) {
    const isLength = numbers.length % 2 === 1;
    if (key === (isLength ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes')) throw brokenMap();
    if (key === (isLength ? 'GNU.sparse.numbytes' : 'GNU.sparse.offset'))
      numbers.push(value.toString('latin1'));
  }
  return numbers;
}

/** Format 1.0: lines in whole blocks, the number of runs first. */
async function mapInFront(
  stored: number,
  take: TakeBytes,
): Promise<{numbers: readonly string[]; mapBytes: number}> {
  const numbers: string[] = [];
  let rest = '';
  for (let mapBytes = 0; ; ) {
    if (mapBytes + blockBytes > stored) throw brokenMap();
    const lines = (rest + (await take(blockBytes)).toString('latin1')).split('\n');
    mapBytes += blockBytes;
    rest = lines.pop() ?? '';
    if (rest.length > blockBytes) throw brokenMap();
    for (const line of lines) numbers.push(line);
    if (numbers.length === 0) continue;
    const wanted = 2 * numberOf(numbers[0]);
    if (wanted > 2 * runsMax) throw brokenMap();
    if (numbers.length > wanted) return {numbers: numbers.slice(1, wanted + 1), mapBytes};
  }
}

function paired(numbers: readonly string[]): TarRun[] {
  if (numbers.length % 2 !== 0) throw brokenMap();
  const runs: TarRun[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    runs.push(runOf(numberOf(numbers[at]), numberOf(numbers[at + 1]), runs.length));
  }
  return runs;
}

function runOf(offset: number, length: number, count: number): TarRun {
  if (offset < 0 || length < 0 || count >= runsMax) throw brokenMap();
  return {offset, length};
}

function numberOf(text: string | undefined): number {
  const value = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw brokenMap();
  return value;
}

function brokenMap(): TarProblem {
  return new TarProblem('a sparse file whose map is no map');
}
