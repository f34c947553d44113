// An exported OCI layout read back: blobs checked against their digests, layers against their DiffIds. Each that a test
// reads is read by others, too: by `oci/validate`, and by skopeo where it is installed.

import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {which} from '../../fixtures/base-images.mjs';
import {tsbuildPath} from './command.ts';

export interface ImageOnDisk {
  readonly manifestDigest: string;
  readonly configDigest: string;
  readonly config: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly rootfs: {readonly diff_ids: readonly string[]};
    readonly history: readonly {readonly created_by?: string; readonly empty_layer?: boolean}[];
  };
  readonly diffIds: readonly string[];
  /** Digests of the layers as they are stored, bottom first. */
  readonly blobs: readonly string[];
  /** Uncompressed tars, bottom first. */
  readonly layers: readonly Buffer[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Reads the only image of a layout directory; throws on any digest, size or DiffId that does not fit. */
export function readLayout(folder: string): ImageOnDisk {
  othersRead(folder);
  const layout = JSON.parse(readFileSync(join(folder, 'oci-layout'), 'utf8')) as {imageLayoutVersion: string};
  if (layout.imageLayoutVersion !== '1.0.0') throw new Error(`layout version ${layout.imageLayoutVersion}`);
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {manifests: Descriptor[]};
  const [entry] = index.manifests;
  if (entry === undefined || index.manifests.length !== 1)
    throw new Error('expected one manifest in the index');
  const manifest = JSON.parse(blob(folder, entry).toString()) as {config: Descriptor; layers: Descriptor[]};
  const config = JSON.parse(blob(folder, manifest.config).toString()) as ImageOnDisk['config'];
  const layers = manifest.layers.map((layer) => {
    const bytes = blob(folder, layer);
    return layer.mediaType.endsWith('+gzip') ? gunzipSync(bytes) : bytes;
  });
  const diffIds = layers.map(digestOf);
  if (diffIds.join() !== config.rootfs.diff_ids.join()) throw new Error('DiffIds do not fit the layers');
  const steps = config.history.filter((step) => step.empty_layer !== true).length;
  if (steps !== layers.length)
    throw new Error(`history tells of ${steps} layers, there are ${layers.length}`);
  const blobs = manifest.layers.map(({digest}) => digest);
  return {manifestDigest: entry.digest, configDigest: manifest.config.digest, config, diffIds, blobs, layers};
}

/** The same for a layout in a tar. */
export function readArchive(file: string, scratch: string): ImageOnDisk {
  return readLayout(unpackTar(file, scratch));
}

export function unpackTar(file: string, scratch: string): string {
  mkdirSync(scratch, {recursive: true});
  const folder = mkdtempSync(join(scratch, 'unpacked-'));
  mustDo('tar', ['-xf', file, '-C', folder]);
  return folder;
}

/** Member names of a tar, as GNU tar sees them. */
export function membersOf(tar: Buffer): string[] {
  const run = spawnSync('tar', ['-tf', '-'], {input: tar, encoding: 'utf8', maxBuffer: 1 << 28});
  if (run.status !== 0) throw new Error(`tar: ${run.stderr}`);
  return run.stdout.split('\n').filter((line) => line !== '');
}

/** Throws what they find wrong. skopeo compares every blob that it copies with its digest. */
function othersRead(folder: string): void {
  mustDo(tsbuildPath, ['debug', 'layout', folder]);
  const skopeo = which('skopeo');
  if (skopeo === undefined) return;
  const copy = mkdtempSync(join(tmpdir(), 'tsbuild-test-copy-'));
  try {
    mustDo(skopeo, ['copy', '-q', '--insecure-policy', `oci:${folder}`, `dir:${copy}`]);
  } finally {
    rmSync(copy, {recursive: true});
  }
}

function mustDo(command: string, args: readonly string[]): void {
  const run = spawnSync(command, args, {encoding: 'utf8'});
  if (run.status !== 0) throw new Error(`${command}: ${run.stdout}${run.stderr}`);
}

function blob(folder: string, descriptor: Descriptor): Buffer {
  const bytes = readFileSync(join(folder, 'blobs', ...descriptor.digest.split(':')));
  if (bytes.length !== descriptor.size) throw new Error(`${descriptor.digest} has ${bytes.length} bytes`);
  if (digestOf(bytes) !== descriptor.digest) throw new Error(`${descriptor.digest} is ${digestOf(bytes)}`);
  return bytes;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
