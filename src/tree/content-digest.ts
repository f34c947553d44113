// The content key of a selection: what would be copied, to the last byte, and nothing else. SHA-256 over framed
// records: no two selections share their bytes by moving a separator. Never in it: times, inode numbers, hard
// links (a link count changes when a file outside the selection is linked, and two equal files give equal layers
// to whoever reads them). The root of a copied directory is not in it, for only its contents are copied and the
// destination is made with a mode of its own. The name of a copied file always is: whether the destination is a
// directory that takes it is not known here.

import {createHash} from 'node:crypto';
import type {Digest} from '../oci/digest.ts';
import {assert} from '../util/assert.ts';
import {encodePathText} from '../util/path-text.ts';
import {isDevice, isRegularFile, type TreeRecord} from './record.ts';
import type {SelectedSource, Selection} from './select.ts';

// In every key: a change of the framing changes all keys.
const formatName = 'tsbuild content 1\n';

export interface ContentDigestOptions {
  /** 'reset': every file belongs to 0:0, as in a local context. */
  readonly ownership: 'kept' | 'reset';
  /** SHA-256 of a regular file, 32 bytes that need only hold until the next call. */
  digestOf(record: TreeRecord): Uint8Array;
  /** As in CopyPattern. */
  readonly nameless?: boolean | undefined;
}

export function contentDigestOf(selection: Selection, options: ContentDigestOptions): Digest {
  const hash = createHash('sha256');
  const frames = new FrameWriter((bytes) => hash.update(bytes));
  frames.text(formatName);
  frames.u32(selection.sources.length);
  for (const source of selection.sources) writeSource(frames, source, options);
  frames.flush();
  return `sha256:${hash.digest('hex')}` as Digest;
}

function writeSource(frames: FrameWriter, source: SelectedSource, options: ContentDigestOptions): void {
  frames.u32(source.kind === 'directory' ? 1 : 0);
  frames.text(source.kind === 'directory' || options.nameless === true ? '' : source.name);
  frames.u32(source.entries.length);
  const prefixLength = source.path === '.' ? 0 : source.path.length + 1;
  for (const record of source.entries) {
    frames.text(source.kind === 'directory' ? record.path.slice(prefixLength) : '');
    writeRecord(frames, record, options);
  }
}

function writeRecord(frames: FrameWriter, record: TreeRecord, options: ContentDigestOptions): void {
  const reset = options.ownership === 'reset';
  frames.u32(record.mode);
  frames.u32(reset ? 0 : record.uid);
  frames.u32(reset ? 0 : record.gid);
  frames.text(record.linkTarget);
  frames.bytes(record.attributes ?? nothing);
  if (isDevice(record)) {
    frames.u32(record.rdevMajor);
    frames.u32(record.rdevMinor);
  }
  if (!isRegularFile(record)) return;
  const digest = options.digestOf(record);
  assert(digest.length === 32, `a digest of ${digest.length} bytes for ${record.path}`);
  frames.u64(record.size);
  frames.bytes(digest);
}

const bufferBytes = 1 << 18;
// Most paths are; see Chunk in record.ts.
const plain = /^[\x00-\x7f]*$/;
// PATH_MAX; what is longer takes the way that has no limit.
const pathLengthMax = 4096;
const nothing = new Uint8Array(0);

/** Collects frames in one buffer: a hash update for each field would cost more than the hash. */
class FrameWriter {
  readonly #buffer = Buffer.alloc(bufferBytes);
  readonly #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, bufferBytes);
  readonly #sink: (bytes: Uint8Array) => void;
  #length = 0;

  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  u64(value: number): void {
    this.u32(value % 2 ** 32);
    this.u32(Math.floor(value / 2 ** 32));
  }

  /** The bytes of a path, their number first. */
  text(text: string): void {
    if (text.length > pathLengthMax || !plain.test(text)) {
      this.bytes(encodePathText(text));
      return;
    }
    this.u32(text.length);
    this.#reserve(text.length);
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length);
    if (bytes.length > bufferBytes) {
      this.flush();
      this.#sink(bytes);
      return;
    }
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  flush(): void {
    if (this.#length > 0) this.#sink(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes > bufferBytes) this.flush();
  }
}
