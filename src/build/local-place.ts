// A build context that is a directory of the host, and where its Dockerfile is.

import {existsSync, statSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {basename, dirname, join, relative, resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {type SourceFile, sourceFile} from '../diagnostics/source-file.ts';
import type {OnLook} from '../store/blob-store.ts';
import {refusalText} from '../util/error-text.ts';
import {suggest} from '../util/suggest.ts';
import type {BuildRequest} from './request.ts';
import type {ReadGiven} from './step.ts';

export const defaultDockerfile = 'Dockerfile';
/** Also looked for where the default name is not there. */
const lowercaseDockerfile = 'dockerfile';

export interface LocalPlace {
  readonly directory: string;
  /** Path of the Dockerfile on the host; undefined when its text came from elsewhere. */
  readonly dockerfile: string | undefined;
  /** As the user knows it, for messages. */
  readonly shown: string;
}

/**
 * `path` as the user gave it. Throws BuildError when there is no such directory, or no Dockerfile in it. `onLook` is told
 * which files decided, by being there or not.
 */
export async function localPlaceOf(
  request: BuildRequest,
  path: string,
  hasText: boolean,
  onLook: OnLook = () => {},
): Promise<LocalPlace> {
  const directory = resolve(request.workingDirectory, path);
  checkDirectory(directory, path);
  onLook(`${directory}/.`, true);
  if (hasText) return {directory, dockerfile: undefined, shown: '-'};
  if (request.dockerfile !== undefined) {
    const dockerfile = spelled(resolve(request.workingDirectory, request.dockerfile), onLook);
    return {directory, dockerfile, shown: join(dirname(request.dockerfile), basename(dockerfile))};
  }
  const dockerfile = spelled(join(directory, defaultDockerfile), onLook);
  const shownDirectory = relative(request.workingDirectory, directory);
  if (!existsSync(dockerfile)) {
    const near = await nearTo(dockerfile);
    const hint =
      near === undefined ? 'name another file with -f FILE' : didYouMean(join(shownDirectory, near));
    throw buildError('user', 'context-no-dockerfile', `${path} has no Dockerfile`, {hints: [hint]});
  }
  return {directory, dockerfile, shown: join(shownDirectory, basename(dockerfile))};
}

/** The path as it is on disk: `dockerfile` where there is no `Dockerfile`. */
function spelled(path: string, onLook: OnLook): string {
  if (basename(path) !== defaultDockerfile) return path;
  const isHere = existsSync(path);
  onLook(path, isHere);
  if (isHere) return path;
  const lowercase = join(dirname(path), lowercaseDockerfile);
  return existsSync(lowercase) ? lowercase : path;
}

/** The names to look for in a tree that was fetched. */
export function dockerfileNames(request: BuildRequest): readonly string[] {
  const {dockerfile = defaultDockerfile} = request;
  return basename(dockerfile) === defaultDockerfile
    ? [dockerfile, join(dirname(dockerfile), lowercaseDockerfile)]
    : [dockerfile];
}

export async function readLocalDockerfile(
  {dockerfile = '', shown}: LocalPlace,
  read: ReadGiven,
): Promise<SourceFile> {
  try {
    return sourceFile(shown, decode(await read(dockerfile, shown)));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw unreadable(shown, error, {near: isMissing ? await nearTo(dockerfile) : undefined});
  }
}

/** `home`: what -f is relative to; `near`: a file beside it that may have been meant. */
export function unreadable(
  shown: string,
  cause: unknown,
  {home = 'the current directory', near}: {readonly home?: string; readonly near?: string | undefined} = {},
): Error {
  const isDenied = (cause as {readonly code?: unknown}).code === 'EACCES';
  const hint = isDenied
    ? `make it readable: chmod a+r ${shown}`
    : near === undefined
      ? `is ${basename(shown)} the right name? -f is relative to ${home}`
      : didYouMean(join(dirname(shown), near));
  const message = `failed to read dockerfile: open ${shown}: ${refusalText(cause)}`;
  return buildError('user', 'context-no-dockerfile', message, {hints: [hint], cause});
}

function didYouMean(path: string): string {
  return `did you mean -f ${path}?`;
}

/** Of the files where `path` should be, the name of one that looks like it, or like a Dockerfile of another name. */
async function nearTo(path: string): Promise<string | undefined> {
  const entries = await readdir(dirname(path), {withFileTypes: true}).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map(({name}) => name);
  const otherNames = names.filter((name) => otherNamesOfIt.test(name)).sort();
  return suggest(basename(path), names) ?? otherNames[0];
}

const otherNamesOfIt = /^containerfile$|^dockerfile\.(?!dockerignore$|lock$)|\.dockerfile$/i;

export function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
}

function checkDirectory(directory: string, shown: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(directory).isDirectory();
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`;
    throw buildError('user', 'context-missing', `build context ${shown} ${reason}`, {
      hints: ['the last argument of the command is the directory to build from, usually .'],
    });
  }
  if (!isDirectory) {
    throw buildError('user', 'context-not-directory', `build context ${shown} is not a directory`, {
      hints: [`to build from this Dockerfile: -f ${shown} DIRECTORY`],
    });
  }
}
