// Wildcards in COPY and ADD sources, as fsutil's copy.ResolveWildcards sees them: a source is split at the first
// component that has one; the part before is an ordinary path, the rest a filepath.Match pattern below it.

import {clampToRoot, join} from '../util/go-path.ts';

/** An unescaped `*`, `?` or `[`. A `]` or a lone backslash is none. */
export function hasWildcards(text: string): boolean {
  return /^(?:[^*?[\\]|\\[\s\S]|\\$)*[*?[]/.test(text);
}

export interface SplitSource {
  /** Clamped to the root; '.' for the root. */
  readonly prefix: string;
  /** '' when the source has no wildcards. */
  readonly pattern: string;
}

export function splitAtWildcards(source: string): SplitSource {
  const parts = clampToRoot(source).split('/');
  const first = parts.findIndex(hasWildcards);
  if (first < 0) return {prefix: parts.join('/'), pattern: ''};
  return {prefix: join(...parts.slice(0, first)) || '.', pattern: parts.slice(first).join('/')};
}
