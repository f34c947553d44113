// An archive of files as an image of one layer, in the local store. The archive is read as ADD reads one: a tar, plain
// or compressed with gzip, bzip2, xz or zstd, whose entries are hostile.

import {createWriteStream} from 'node:fs';
import {lstat, open, realpath, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {buildError} from '../../diagnostics/build-error.ts';
import {createExporter} from '../../exporters/index.ts';
import {HelperError, type View, viewArguments} from '../../helper/helper.ts';
import type {Digest} from '../../oci/digest.ts';
import type {Platform} from '../../oci/platform.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import {stampOf} from '../../snapshot/stamp.ts';
import {HttpSources} from '../../sources/http/http-sources.ts';
import {assert} from '../../util/assert.ts';
import {builtImage} from '../built-image.ts';
import {exportContext} from '../exports/export-context.ts';
import type {OnBytes} from '../step.ts';
import type {Transfer} from '../transfer/transfer.ts';
import {configWith} from './change-config.ts';

export type ImportSource =
  | {readonly type: 'file'; readonly path: string}
  | {readonly type: 'stream'; readonly bytes: AsyncIterable<Uint8Array>}
  | {readonly type: 'url'; readonly url: string};

export interface ImportRequest {
  readonly source: ImportSource;
  /** As the user wrote it. */
  readonly shown: string;
  /** Normalised. */
  readonly names: readonly string[];
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
  readonly message: string | undefined;
  readonly platform: Platform;
  /** SOURCE_DATE_EPOCH; undefined: it is as old as now. */
  readonly epochSeconds: number | undefined;
}

/** Gives the digest of the config. Throws BuildError for an archive or a change that is none. */
export async function importImage(request: ImportRequest, transfer: Transfer): Promise<Digest> {
  const {engine, reporter, signal} = transfer;
  const {shown, names, message, platform, epochSeconds} = request;
  const config = await configWith(request.changes, platform);
  return reporter.step(`import ${shown}`, async (note, progress) => {
    const snapshot = await withArchive(request, transfer, progress, (view, name) =>
      unpacked(view, name, shown, transfer),
    );
    const plan = {
      config,
      platform,
      history: [{comment: message ?? `Imported from ${shown}`}],
      baseHistoryCount: 0,
      ...(epochSeconds === undefined ? {} : {epochSeconds}),
    };
    const image = builtImage(plan, snapshot, engine.snapshotter);
    const places = {workingDirectory: '/', stdout: noStream};
    const warn = (_: string, message: string): void => note(message);
    const context = exportContext(engine, places, {note, progress, warn}, signal);
    const {configDigest} = await createExporter('image', new Map(), names).export(
      {images: [image], isList: false},
      context,
    );
    assert(configDigest !== undefined, 'an image that is no list has a config');
    return configDigest;
  });
}

function noStream(): never {
  throw new Error('the local store has no stream');
}

/** Calls `use` with a directory, and the name of the archive in it. */
async function withArchive<T>(
  {source, shown}: ImportRequest,
  {engine, signal}: Transfer,
  progress: OnBytes,
  use: (view: View, name: string) => Promise<T>,
): Promise<T> {
  switch (source.type) {
    case 'file': {
      const path = await realpath(source.path).catch((error: NodeJS.ErrnoException) => {
        throw buildError('user', 'import-unreadable', `${shown} cannot be read: ${error.code}`);
      });
      if (!(await lstat(path)).isFile()) throw buildError('user', 'import-unreadable', `${shown} is no file`);
      return use({dir: dirname(path)}, basename(path));
    }
    case 'stream': {
      const directory = await engine.state.makeWork();
      try {
        const name = 'archive';
        await pipeline(source.bytes, createWriteStream(join(directory, name), {mode: 0o600}), {signal});
        return await use({dir: directory}, name);
      } finally {
        await rm(directory, {recursive: true, force: true});
      }
    }
    case 'url': {
      const {snapshotter, notes, http} = engine;
      const filename = 'archive';
      const sources = new HttpSources({snapshotter, notes, http, secrets: async () => ({})});
      const {snapshot} = await sources.fetch(
        {type: 'http', url: source.url, filename},
        signal,
        (received, total) => progress(shown, received, total),
      );
      return use(await snapshotter.view(snapshot, signal), filename);
    }
  }
}

async function unpacked(
  view: View,
  name: string,
  shown: string,
  {engine, signal}: Pick<Transfer, 'engine' | 'signal'>,
): Promise<SnapshotId> {
  const {snapshotter} = engine;
  const active = await snapshotter.prepare(undefined, signal);
  try {
    if (!(await isEmptyTar(view, name))) {
      const helper = await engine.helper();
      const places = [`upper=${active.upper}`, `work=${active.work}`, `epoch=${stampOf(active, 0)}`];
      const copy = ['action=copy', 'view=0', `source=${name}`, 'destination=/', 'unpack=1', 'require=1'];
      const {upper} = active;
      await helper.request(
        'copy',
        [...places, 'view=0', ...viewArguments(view), ...copy, `name=${unlikely}`],
        {signal},
      );
      // What is no archive is copied instead.
      if (await isThere(join(upper, unlikely))) {
        throw buildError('user', 'import-no-archive', `${shown} is no archive`, {
          hints: ['expected a tar, plain or compressed with gzip, bzip2, xz or zstd'],
        });
      }
    }
    return await snapshotter.commit(active, {epochSeconds: 0});
  } catch (error) {
    snapshotter.discard(active);
    if (!(error instanceof HelperError) || error.phase !== 'copy' || error.errno === noSpace) throw error;
    throw buildError('user', 'import-broken', `${shown} cannot be unpacked: ${error.message}`, {
      cause: error,
    });
  }
}

/** errno(3): this is not the archive's fault. */
const noSpace = 28;
/** A name that no archive has by chance. */
const unlikely = '.tsbuild-import-c6bd3f9e';

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Nothing but zeros, as tar writes for no file at all: `tar -cT /dev/null | tsbuild import - empty`. */
async function isEmptyTar(view: View, name: string): Promise<boolean> {
  const directory = 'dir' in view ? view.dir : view.layers[0];
  assert(directory !== undefined, 'an archive lies somewhere');
  const handle = await open(join(directory, name), 'r');
  try {
    const {size} = await handle.stat();
    if (size === 0 || size > emptyTarBytesMax || size % tarBlockBytes !== 0) return false;
    const {buffer} = await handle.read(Buffer.alloc(size), 0, size, 0);
    return buffer.every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}

const tarBlockBytes = 512;
/** Beyond the largest blocking factor that is in use. */
const emptyTarBytesMax = 1024 * 1024;
