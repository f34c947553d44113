// Paths as the words of a Dockerfile mean them: relative to the working directory of the stage, a trailing slash
// significant in a destination, never above the root. Slashes only: a path here lies in an image, not on the host.

import {posix} from 'node:path';

/**
 * WORKDIR on top of the current one. An absolute path is kept as it is written, trailing slash and all, for that is
 * what BuildKit puts into the config and the history; a relative one is joined and cleaned.
 */
export function workdirAfter(current: string, path: string): string {
  const base = current === '' ? '/' : current;
  if (path === '') return base;
  return path.startsWith('/') ? path : cleanAbsolute(`${base}/${path}`);
}

/** Destination of COPY and ADD: absolute and clean; ends with `/` when it must be a directory. */
export function destinationIn(workdir: string, path: string): string {
  const isDirectory = path === '' || path === '.' || path.endsWith('/') || path.endsWith('/.');
  const clean = path.startsWith('/') ? cleanAbsolute(path) : cleanAbsolute(`${workdir}/${path}`);
  return isDirectory && clean !== '/' ? `${clean}/` : clean;
}

/** `path` below the root `/`, `..` clamped, no trailing slash. */
export function cleanAbsolute(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

/** Target of a mount: relative ones start at the working directory. */
export function mountTargetIn(workdir: string, target: string): string {
  return cleanAbsolute(target.startsWith('/') ? target : `${workdir}/${target}`);
}

/** True when Go's filepath.Match would see a pattern in `path`; a backslash hides the next character. */
export function hasWildcard(path: string): boolean {
  return /^(?:[^\\*?[]|\\[\s\S])*[*?[]/.test(path);
}
