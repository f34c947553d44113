// The project's own text files as the house tests see them: path relative to the root of the repository, text, and
// the import statements of a TypeScript file with their lines. Only files that belong to the project: no
// node_modules, no build output, no fixtures (those are data).

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join, normalize, relative} from 'node:path';
import {fileURLToPath} from 'node:url';

export const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const ignoredFolders = new Set(['node_modules', 'dist', 'build-output', '.git', '.cache', 'coverage']);

export interface TextFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export interface ImportStatement {
  readonly line: number;
  readonly specifier: string;
  /** Path of the imported file relative to the repository; undefined for a package or a `node:` module. */
  readonly target?: string;
}

/** All files below the given folders whose name ends in one of `endings`, in byte order of their paths. */
export function filesBelow(folders: readonly string[], endings: readonly string[]): TextFile[] {
  const found: TextFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, {withFileTypes: true})) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!ignoredFolders.has(entry.name)) walk(path);
      } else if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) {
        found.push(textFile(path));
      }
    }
  };
  for (const folder of folders) {
    if (existsSync(join(repository, folder))) walk(join(repository, folder));
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function textFile(path: string): TextFile {
  const text = readFileSync(path, 'utf8');
  return {path: relative(repository, path), text, lines: text.split('\n')};
}

/** Names of the folders directly below `folder`; folders without any file are not there as far as git knows. */
export function foldersIn(folder: string): string[] {
  return readdirSync(join(repository, folder), {withFileTypes: true})
    .filter((entry) => entry.isDirectory() && !ignoredFolders.has(entry.name))
    .map((entry) => entry.name)
    .filter((name) => holdsFiles(join(repository, folder, name)))
    .sort();
}

function holdsFiles(folder: string): boolean {
  return readdirSync(folder, {withFileTypes: true}).some((entry) =>
    entry.isDirectory() ? holdsFiles(join(folder, entry.name)) : true,
  );
}

// `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`, `require('x')`. Comments are taken out first.
const importPattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\brequire\s*\(\s*|^\s*import\s+)['"]([^'"\n]+)['"]/gm;

export function importsOf(file: TextFile): ImportStatement[] {
  const code = withoutComments(file.text);
  const statements: ImportStatement[] = [];
  for (const match of code.matchAll(importPattern)) {
    const specifier = match[1] ?? '';
    const at = match.index + match[0].length;
    const line = code.slice(0, at).split('\n').length;
    statements.push(
      specifier.startsWith('.')
        ? {line, specifier, target: normalize(join(dirname(file.path), specifier))}
        : {line, specifier},
    );
  }
  return statements;
}

/** The text with comments blanked, lines kept. Good enough for code formatted by biome: no comment opens in a string. */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[\s;{}(),])\/\/[^\n]*/gm, '$1');
}

/** `@scope/name` or `name` of a package specifier. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
