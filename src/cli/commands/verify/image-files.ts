// What can be verified: an image of the local store, or an OCI layout in a directory or archive.

import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../../../oci/reference.ts';
import {type LayoutFiles, validateImage, validateLayout} from '../../../oci/validate.ts';
import {layoutFiles} from '../debug/layout.ts';

/** Something to verify, found by what the user called it. */
export interface Verifiable {
  /** `store`, `directory` or `archive`. */
  readonly kind: 'store' | 'directory' | 'archive';
  /** Its problems, all of them. */
  verify(): Promise<readonly string[]>;
}

/** `root` is the state directory. Throws BuildError('user') when there is nothing of that name. */
export async function verifiableNamed(name: string, cwd: string, root: string): Promise<Verifiable> {
  const path = resolve(cwd, name);
  const found = statSync(path, {throwIfNoEntry: false});
  // A path that is written as one is one; of a bare word an image is likelier.
  if (found === undefined || !/[/.]/.test(name)) {
    const stored = await storedRoot(name, root);
    if (stored !== undefined) return {kind: 'store', verify: () => verifyStored(stored, root)};
  }
  if (found?.isDirectory()) return {kind: 'directory', verify: () => verifyFiles(layoutFiles(path))};
  if (found?.isFile()) return {kind: 'archive', verify: () => verifyArchive(path)};
  const stored = await storedRoot(name, root);
  if (stored !== undefined) return {kind: 'store', verify: () => verifyStored(stored, root)};
  throw buildError('user', 'cli-image-not-found', `there is no image, directory or archive "${name}"`, {
    hints: ['tsbuild images lists the images of the local store'],
  });
}

async function storedRoot(name: string, root: string): Promise<Descriptor | undefined> {
  const {openImageStore} = await import('../../../store/image-store.ts');
  using store = openImageStore(root);
  const reference = parseReference(name);
  const byName = isReferenceProblem(reference) ? undefined : store.rootOf(normalisedName(reference));
  return byName ?? (await store.get(name).catch(() => undefined))?.root;
}

function verifyStored(descriptor: Descriptor, root: string): Promise<readonly string[]> {
  return validateImage(withZstd(layoutFiles(root)), descriptor, 'store');
}

function verifyFiles(files: LayoutFiles): Promise<readonly string[]> {
  return validateLayout(withZstd(files));
}

async function verifyArchive(path: string): Promise<readonly string[]> {
  const {readMember, tarIndex} = await import('../../../sources/archive/tar-index.ts');
  const members = await tarIndex(path);
  if (!members.has('index.json') && members.has('manifest.json')) {
    throw buildError(
      'user',
      'verify-docker-archive',
      `${path} is an archive of docker without an OCI layout`,
      {
        hints: ['tsbuild load reads it; then verify the image in the store'],
      },
    );
  }
  return verifyFiles({
    async open(name) {
      const member = members.get(name);
      return member === undefined ? undefined : readMember(path, member);
    },
  });
}

function withZstd(files: LayoutFiles): LayoutFiles {
  return {
    ...files,
    async *unzstd(stream) {
      const {decompress} = await import('../../../sources/registry/decompress.ts');
      yield* decompress('zstd', stream);
    },
  };
}
