// What a copy asks of its source tree, read once: for each source where it starts, which names it takes, and what
// --parents and --exclude leave of them. Structural, so that a CopyAction of the graph is one.

import {clampToRoot, join} from '../util/go-path.ts';
import {hasWildcards, splitAtWildcards} from './wildcards.ts';

/** The part of a CopyAction (graph/op.ts) that decides which files are copied. */
export interface CopyPattern {
  readonly sources: readonly {readonly path: string; readonly wildcard: boolean}[];
  readonly parents: boolean;
  readonly excludes: readonly string[];
  /** What a single file is called does not matter: it is mounted somewhere, not copied into a directory. */
  readonly nameless?: boolean;
}

export interface SourcePattern {
  /** Walks start here. */
  readonly prefix: string;
  /** filepath.Match pattern below `prefix`; '' when the prefix itself is the source. */
  readonly pattern: string;
  /** `--parents`: what is taken below the source, relative to it. A pattern of patternmatcher, so `**` works. */
  readonly include?: string;
  /** A literal path that must be there. With `include` it must be among what is taken. */
  readonly required?: string;
}

/**
 * BuildKit's lowering (convert_copy.go): `--parents` splits at the first `/./`, the part before is the source and
 * the rest an include pattern below it; without a pivot the source is the root.
 */
export function sourcePatternsOf(copy: CopyPattern): SourcePattern[] {
  return copy.sources.map(({path, wildcard}) => {
    if (!copy.parents) {
      const split = splitSource(path, wildcard);
      return split.pattern === '' ? {...split, required: split.prefix} : split;
    }
    const pivot = path.indexOf('/./');
    const source = pivot < 0 ? '/' : path.slice(0, pivot);
    const below = clampToRoot(pivot < 0 ? path : path.slice(pivot + 3));
    const include = below === '.' ? '' : below;
    const literal = !wildcard || !(hasWildcards(source) || hasWildcards(include));
    return {
      ...splitSource(source, wildcard),
      include,
      ...(literal ? {required: clampToRoot(join(source, include))} : {}),
    };
  });
}

function splitSource(path: string, wildcard: boolean): {readonly prefix: string; readonly pattern: string} {
  return wildcard ? splitAtWildcards(path) : {prefix: clampToRoot(path), pattern: ''};
}

/** The directories (or files) below which everything lies that the copy can take, none within another. */
export function walkRootsOf(copy: CopyPattern): string[] {
  return minimalRoots(
    sourcePatternsOf(copy).map(({prefix, pattern, include}) => {
      if (pattern !== '' || include === undefined) return prefix;
      return clampToRoot(join(prefix, literalStartOf(include)));
    }),
  );
}

/** The leading components of a --parents pattern that are just names; '' when there are none. */
export function literalStartOf(include: string): string {
  const parts = include.split('/');
  const first = parts.findIndex((part) => /[*?[\\]/.test(part));
  return (first < 0 ? parts : parts.slice(0, first)).join('/');
}

/** The same set without those that lie within another, in no particular order of the input. */
export function minimalRoots(roots: readonly string[]): string[] {
  const unique = [...new Set(roots)];
  return unique.filter(
    (root) => !unique.some((other) => other !== root && (other === '.' || root.startsWith(`${other}/`))),
  );
}
