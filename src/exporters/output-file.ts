// Where an archive goes: a file that appears complete or not at all (written beside its name, then renamed), a device
// or pipe that is written to directly, or standard output.

import {randomBytes} from 'node:crypto';
import {type BigIntStats, constants} from 'node:fs';
import {access, type FileHandle, mkdtemp, open, realpath, rename, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, dirname, join, resolve} from 'node:path';
import {finished} from 'node:stream/promises';
import {getSystemErrorMap} from 'node:util';
import {type BuildError, buildError} from '../diagnostics/build-error.ts';
import {HelperError} from '../helper/helper.ts';
import {filePieces} from '../store/file-pieces.ts';
import {openGivenPipe} from '../store/given-file.ts';
import {refusalText} from '../util/error-text.ts';
import type {ExportContext} from './exporter.ts';

/** Takes bytes in order; resolves when it has done with them and the next may come. */
export type WriteBytes = (chunk: Uint8Array) => Promise<void>;

/** For archives on their way to a pipe: on disk, where /tmp may be memory. */
const largeTemporaryDirectory = '/var/tmp';

type Destination =
  | {readonly type: 'stdout'}
  | {readonly type: 'file'; readonly path: string}
  | {readonly type: 'pipe'; readonly path: string}
  /** A device: cannot be replaced by a rename. */
  | {readonly type: 'special'; readonly path: string};

type Surroundings = Pick<ExportContext, 'stdout' | 'workingDirectory'>;
type Writing = Surroundings & Pick<ExportContext, 'signal'>;

/** Throws where `dest` could not be written to as things are; `hint` is for one that is a directory. */
export async function checkOutput(dest: string, context: Surroundings, hint?: string): Promise<void> {
  await destinationOf(dest, context, hint);
}

/** By which a file is known again, and a change of it is seen. */
export type FileMarks = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

export function marksOf({dev, ino, size, mtimeNs, ctimeNs}: FileMarks): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** The path of the file that `dest` means; undefined: it is no file. Throws where it could not be written to. */
export async function outputFile(dest: string, context: Surroundings): Promise<string | undefined> {
  const destination = await destinationOf(dest, context);
  return destination.type === 'file' ? destination.path : undefined;
}

/** Lets `produce` write the archive in pieces. Of a file it gives the marks that it had before it got its name. */
export async function writeOutput(
  dest: string,
  context: Writing,
  produce: (write: WriteBytes) => Promise<void>,
): Promise<FileMarks | undefined> {
  const destination = await destinationOf(dest, context);
  switch (destination.type) {
    case 'stdout':
      await produce((chunk) => writeToStream(context.stdout, chunk, context.signal, stdoutError));
      return undefined;
    case 'pipe':
      await writePipe(destination.path, dest, context, produce);
      return undefined;
    case 'special':
      await withHandle(destination.path, 'w', (handle) => produce((chunk) => writeAll(handle, chunk)));
      return undefined;
    case 'file':
      return replaceFile(destination.path, (temporary) =>
        withHandle(temporary, 'wx', (handle) => produce((chunk) => writeAll(handle, chunk))),
      );
  }
}

/** Lets `produce` make the archive as a file at the path it is given, which does not exist yet. */
export async function makeOutput(
  dest: string,
  context: Writing,
  produce: (path: string) => Promise<void>,
): Promise<void> {
  const destination = await destinationOf(dest, context);
  if (destination.type === 'file') {
    await replaceFile(destination.path, produce);
    return;
  }
  const directory = await mkdtemp(join(await temporaryDirectory(), 'tsbuild-output-'));
  try {
    const path = join(directory, 'archive');
    await produce(path);
    await writeOutput(dest, context, async (write) => {
      for await (const piece of filePieces(path)) await write(piece);
    });
  } finally {
    await rm(directory, {recursive: true, force: true});
  }
}

async function destinationOf(
  dest: string,
  context: Surroundings,
  directoryHint?: string,
): Promise<Destination> {
  if (dest === '-') {
    if ((context.stdout as {isTTY?: boolean}).isTTY === true) {
      throw buildError('usage', 'exporter-terminal', 'an archive is not written to a terminal', {
        hints: ['redirect standard output, or name a file'],
      });
    }
    return {type: 'stdout'};
  }
  const path = resolve(context.workingDirectory, dest);
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw outputError(dest, 'is a directory, expected a file', directoryHint);
  }
  if (existing?.isFIFO()) return {type: 'pipe', path};
  if (existing !== undefined && !existing.isFile()) return {type: 'special', path};
  const parent = await stat(dirname(path)).catch(() => undefined);
  if (!parent?.isDirectory()) throw outputError(dest, `cannot be written: no directory ${dirname(path)}`);
  // A link stays a link: what it points to is replaced.
  const real = existing === undefined ? path : await realpath(path);
  await access(dirname(real), constants.W_OK).catch((error: unknown) => {
    throw asOutputError(error, dest);
  });
  return {type: 'file', path: real};
}

async function replaceFile(path: string, produce: (temporary: string) => Promise<void>): Promise<FileMarks> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
  try {
    await produce(temporary);
    const made = await stat(temporary, {bigint: true});
    await rename(temporary, path);
    return made;
  } catch (error) {
    await rm(temporary, {force: true});
    throw asOutputError(error, path);
  }
}

async function withHandle(
  path: string,
  flags: 'w' | 'wx',
  use: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags, 0o644);
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
  }
}

/** To whoever reads it, once somebody does. */
async function writePipe(
  path: string,
  dest: string,
  {signal}: Writing,
  produce: (write: WriteBytes) => Promise<void>,
): Promise<void> {
  const stream = await openGivenPipe(path, signal);
  stream.on('error', () => {});
  const failure = (error: NodeJS.ErrnoException): unknown =>
    error.code === 'EPIPE' ? outputError(dest, 'was closed before everything was written') : error;
  try {
    await produce((chunk) => writeToStream(stream, chunk, signal, failure));
  } finally {
    stream.end();
    await finished(stream).catch(() => {});
  }
}

function writeToStream(
  stream: NodeJS.WritableStream,
  chunk: Uint8Array,
  signal: AbortSignal,
  failure: (error: NodeJS.ErrnoException) => unknown,
): Promise<void> {
  return new Promise((onDone, onError) => {
    if (signal.aborted) {
      onError(signal.reason);
      return;
    }
    stream.write(chunk, (error) => {
      if (error) onError(failure(error));
      else onDone();
    });
  });
}

function stdoutError(error: NodeJS.ErrnoException): BuildError {
  const problem = error.code === 'EPIPE' ? ' was closed before everything was written' : `: ${error.message}`;
  const kind = error.code === 'ENOSPC' ? 'environment' : 'user';
  return buildError(kind, 'exporter-stdout', `standard output${problem}`, {cause: error});
}

async function temporaryDirectory(): Promise<string> {
  const found = await stat(largeTemporaryDirectory).catch(() => undefined);
  return found?.isDirectory() ? largeTemporaryDirectory : tmpdir();
}

export function outputError(dest: string, problem: string, hint?: string): BuildError {
  const hints = hint === undefined ? {} : {hints: [hint]};
  return buildError('user', 'exporter-output', `output ${dest} ${problem}`, hints);
}

/** The user's to mend: permissions, a missing directory. */
const usersCodes: ReadonlySet<string> = new Set(
  'EACCES EPERM EROFS ENOENT ENOTDIR EISDIR ENAMETOOLONG'.split(' '),
);
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What can be mended as such, with the place that was to be written; everything else as it is. */
export function asOutputError(error: unknown, path: string): unknown {
  const code = error instanceof HelperError ? codeOf(error) : (error as NodeJS.ErrnoException).code;
  const isFull = fullCodes.has(code ?? '');
  // What the helper may not do may be about what it reads.
  if (!isFull && (error instanceof HelperError || !usersCodes.has(code ?? ''))) return error;
  return buildError(
    isFull ? 'environment' : 'user',
    'exporter-output',
    `output ${path} cannot be written: ${refusalText({code})}`,
    {cause: error},
  );
}

function codeOf({errno}: HelperError): string | undefined {
  return getSystemErrorMap().get(-errno)?.[0];
}
