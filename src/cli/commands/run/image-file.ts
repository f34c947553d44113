// Who names a file where an image is wanted: an archive or an OCI layout has to be loaded first, a context to be built.

import {existsSync, type Stats, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {BuildError} from '../../../diagnostics/build-error.ts';
import {shellWord} from '../../../util/shell-word.ts';

/** As other tools write that a file is meant. */
const fileSchemes = /^(?:oci-layout:\/\/|oci-archive:|docker-archive:|oci:|dir:)/;

/** The failure to find `image`, with a hint when a file of that name lies in `folder`; any other as it is. */
export function withFileHint(error: unknown, image: string, folder: string): unknown {
  if (!(error instanceof BuildError)) return error;
  const [first, ...others] = error.diagnostics;
  if (!/^(?:run-bad-image|run-not-here|registry-.*)$/.test(first.code)) return error;
  const hint = fileHint(image, folder);
  if (hint === undefined) return error;
  const hints = [hint, ...(first.hints ?? [])];
  return new BuildError(error.kind, [{...first, hints}, ...others], {cause: error.cause});
}

function fileHint(image: string, folder: string): string | undefined {
  const name = image.replace(fileSchemes, '');
  const path = resolve(folder, name);
  const stats = name === '' ? undefined : statsOf(path);
  const word = shellWord(name);
  if (stats?.isFile() === true)
    return `${name} is a file: tsbuild load -i ${word} takes the images of an archive into the local store, and says their names`;
  if (stats?.isDirectory() !== true) return undefined;
  if (existsSync(join(path, 'index.json')))
    return `${name} is a layout directory: tar -C ${word} -c . | tsbuild load takes its images into the local store, and says their names`;
  if (existsSync(join(path, 'Dockerfile')))
    return `${name} is a directory with a Dockerfile: tsbuild build -t NAME ${word} makes an image of it`;
  return undefined;
}

/** Undefined: nothing is there, or it cannot be a path. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
