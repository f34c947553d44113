// The build context and the Dockerfile: a directory, or an archive or a bare Dockerfile on standard input.

import {mkdir, readFile, stat, writeFile} from 'node:fs/promises';
import {basename, join, relative, resolve} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {type SourceFile, sourceFile} from '../diagnostics/source-file.ts';
import {LocalContext} from '../sources/local/local-context.ts';
import type {Engine} from './engine.ts';
import {localDirectoriesOf} from './named-contexts.ts';
import type {BuildRequest} from './request.ts';

export interface BuildContext extends AsyncDisposable {
  dockerfile(): Promise<SourceFile>;
  /** The directory behind a LocalSource name: `context`, or a named one. */
  local(name: string): LocalContext;
}

interface Place {
  readonly directory: string;
  /** Path of the Dockerfile on the host; undefined when its text came from standard input. */
  readonly dockerfile: string | undefined;
  readonly text: string | undefined;
  /** As the user knows it, for messages. */
  readonly shown: string;
}

export async function openContext(
  request: BuildRequest,
  engine: Engine,
  signal: AbortSignal,
): Promise<BuildContext> {
  const work: string[] = [];
  const makeWork = async (): Promise<string> => {
    const path = await engine.state.makeWork();
    work.push(path);
    return path;
  };
  const place = await placeOf(request, engine, makeWork, signal);
  const directories = new Map([...localDirectoriesOf(request), ['context', place.directory] as const]);
  const contexts = new Map<string, LocalContext>();
  return {
    dockerfile: () => readDockerfile(place),
    local(name) {
      let context = contexts.get(name);
      if (context === undefined) {
        const directory = directories.get(name);
        if (directory === undefined)
          throw buildError('user', 'context-unknown', `no build context named ${name}`);
        context = new LocalContext({
          name,
          directory,
          ...(name === 'context' && place.dockerfile !== undefined ? {dockerfile: place.dockerfile} : {}),
          helper: engine.helper,
          statCache: {
            load: async (key) => engine.notes.get('stat', key),
            save: async (key, bytes) => engine.notes.set('stat', key, bytes),
          },
        });
        contexts.set(name, context);
      }
      return context;
    },
    async [Symbol.asyncDispose]() {
      if (work.length === 0) return;
      const helper = await engine.helper();
      await helper.request(
        'remove',
        work.map((path) => `path=${path}`),
      );
    },
  };
}

async function placeOf(
  request: BuildRequest,
  engine: Engine,
  makeWork: () => Promise<string>,
  signal: AbortSignal,
): Promise<Place> {
  const {context} = request;
  switch (context.type) {
    case 'url':
      throw buildError('usage', 'usage-context', `a context from ${context.url} is not supported yet`, {
        hints: ['clone or download it first and give the directory'],
      });
    case 'directory': {
      const directory = resolve(request.workingDirectory, context.path);
      await checkDirectory(directory, context.path);
      return locate(request, directory, context.path);
    }
    case 'stdin': {
      const work = await makeWork();
      const directory = join(work, 'context');
      await mkdir(directory, {mode: 0o755});
      if (!isArchive(context.bytes)) {
        return {directory, dockerfile: undefined, text: decode(context.bytes), shown: '-'};
      }
      await writeFile(join(work, 'archive'), context.bytes);
      const helper = await engine.helper();
      const args = [`upper=${directory}`, 'view=1', `dir=${work}`];
      await helper.request(
        'copy',
        [...args, 'action=copy', 'view=1', 'source=archive', 'destination=/', 'unpack=1'],
        {signal},
      );
      const name = request.dockerfile ?? 'Dockerfile';
      return {directory, dockerfile: resolve(directory, name), text: request.dockerfileText, shown: name};
    }
  }
}

async function locate(request: BuildRequest, directory: string, contextPath: string): Promise<Place> {
  if (request.dockerfileText !== undefined) {
    return {directory, dockerfile: undefined, text: request.dockerfileText, shown: '-'};
  }
  if (request.dockerfile !== undefined) {
    const path = resolve(request.workingDirectory, request.dockerfile);
    return {directory, dockerfile: path, text: undefined, shown: request.dockerfile};
  }
  const shown = join(relative(request.workingDirectory, directory), 'Dockerfile');
  for (const name of ['Dockerfile', 'dockerfile']) {
    const path = join(directory, name);
    if (await isThere(path))
      return {directory, dockerfile: path, text: undefined, shown: join(shown, '..', name)};
  }
  throw buildError('user', 'context-no-dockerfile', `${contextPath} has no Dockerfile`, {
    hints: ['name another file with -f FILE'],
  });
}

async function checkDirectory(directory: string, shown: string): Promise<void> {
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    const reason = found.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${found.code}`;
    throw buildError('user', 'context-missing', `build context ${shown} ${reason}`, {
      hints: ['the last argument of the command is the directory to build from, usually .'],
    });
  }
  if (!found.isDirectory()) {
    throw buildError('user', 'context-not-directory', `build context ${shown} is not a directory`, {
      hints: [`to build from this Dockerfile: -f ${shown} DIRECTORY`],
    });
  }
}

async function readDockerfile(place: Place): Promise<SourceFile> {
  if (place.text !== undefined) return sourceFile(place.shown, place.text);
  const path = place.dockerfile ?? '';
  try {
    return sourceFile(place.shown, decode(await readFile(path)));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT' ? 'no such file or directory' : code === 'EISDIR' ? 'is a directory' : code;
    throw buildError(
      'user',
      'context-no-dockerfile',
      `failed to read dockerfile: open ${place.shown}: ${reason ?? String(error)}`,
      {hints: [`is ${basename(path)} the right name? -f is relative to the current directory`], cause: error},
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
}

const magics: readonly (readonly number[])[] = [
  [0x1f, 0x8b, 0x08],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0x28, 0xb5, 0x2f, 0xfd],
];

/** As docker decides it: a compressed stream, or a tar whose first header says `ustar`. */
function isArchive(bytes: Uint8Array): boolean {
  if (magics.some((magic) => magic.every((byte, index) => bytes[index] === byte))) return true;
  return Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar';
}
