// What npm and Python's installers leave beside the code that they install.

import type {FoundPackage} from './found-package.ts';

/** A package.json in a node_modules folder; none for files that are no package's. */
export function npmPackage(text: string, path: string): FoundPackage | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const {name, version, license} = document as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof version !== 'string' || name === '') return undefined;
  // Before npm 3 it was an object.
  const told = [license, (license as {type?: unknown} | null | undefined)?.type].find(
    (one): one is string => typeof one === 'string',
  );
  const [, namespace, bare = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  return {
    type: 'npm',
    ...(namespace === undefined ? {} : {namespace}),
    name: bare,
    version,
    path,
    ...(told === undefined ? {} : {license: told}),
  };
}

/**
 * `*.dist-info/METADATA`, `*.egg-info/PKG-INFO`, `*.egg-info` or `*.egg/EGG-INFO/PKG-INFO`: headers as of mail, up to
 * the first empty line.
 */
export function pythonPackage(text: string, path: string): FoundPackage | undefined {
  const [head = ''] = text.split(/\r?\n\r?\n/, 1);
  const header = (key: string): string | undefined =>
    new RegExp(`^${key}:[ \\t]*(.+)$`, 'im').exec(head)?.[1]?.trim();
  const [name, version] = [header('Name'), header('Version')];
  if (name === undefined || version === undefined) return undefined;
  const license = header('License-Expression') ?? header('License');
  return {
    type: 'pypi',
    // purl-spec: lower case, and a dash for runs of -, _ and .
    name: name.toLowerCase().replace(/[-_.]+/g, '-'),
    version,
    path,
    ...(license === undefined ? {} : {license}),
  };
}
