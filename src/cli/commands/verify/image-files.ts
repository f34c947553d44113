// What can be verified: an image of the local store or of a registry, an OCI layout in a directory or archive, or an
// archive of docker's.

import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {Descriptor} from '../../../oci/descriptor.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../../../oci/reference.ts';
import {type LayoutFiles, validateImage, validateLayout} from '../../../oci/validate.ts';
import {validateDockerArchive} from '../../../oci/validate-docker-archive.ts';
import {withZstd} from '../../../sources/registry/decompress.ts';
import {imageReference} from '../../image-name.ts';
import {stateRootOf} from '../../places.ts';
import type {CommandCall} from '../command.ts';
import {layoutFiles} from '../debug/layout.ts';
import {verifyingKeyAt} from '../sign/key-file.ts';
import {transferring} from '../transferring.ts';

/** Something to verify, found by what the user called it. */
export interface Verifiable {
  readonly kind: 'store' | 'directory' | 'archive' | 'registry';
  /** Its problems, all of them; `onUnreferenced` is told how many blobs a layout has that nothing leads to. */
  verify(onUnreferenced: (blobs: number) => void): Promise<readonly string[]>;
}

const registryPrefix = /^(?:registry|docker):\/\//;

/** Throws BuildError('user') when there is nothing of that name. */
export async function verifiableNamed(name: string, call: CommandCall): Promise<Verifiable> {
  const {flags, io} = call;
  const keyPlace = flags.last('key');
  if (keyPlace || registryPrefix.test(name)) return inRegistry(name, keyPlace, call);
  const root = stateRootOf(flags, io);
  const path = resolve(io.cwd, name);
  const found = statSync(path, {throwIfNoEntry: false});
  // A path that is written as one is one; of a bare word an image is likelier.
  const stored = found === undefined || !/[/.]/.test(name) ? await storedRoot(name, root) : undefined;
  if (stored !== undefined) return {kind: 'store', verify: () => verifyStored(stored, root)};
  if (found?.isDirectory())
    return {kind: 'directory', verify: (told) => verifyFiles(layoutFiles(path), told)};
  if (found?.isFile()) return {kind: 'archive', verify: (told) => verifyArchive(path, told)};
  // A name with its registry in front asks it; of others nobody knows that they were meant to.
  const reference = parseReference(name);
  if (!isReferenceProblem(reference) && name.startsWith(`${reference.domain}/`))
    return inRegistry(name, undefined, call);
  throw buildError('user', 'cli-image-not-found', `there is no image, directory or archive "${name}"`, {
    hints: ['tsbuild images lists the images of the local store; registry://NAME means one in its registry'],
  });
}

function inRegistry(name: string, keyPlace: string | undefined, call: CommandCall): Verifiable {
  const reference = imageReference(name.replace(registryPrefix, ''));
  const verify = async (): Promise<readonly string[]> => {
    const key = keyPlace ? await verifyingKeyAt(keyPlace, call.io, call.interrupt) : undefined;
    const {verifyInRegistry} = await import('../../../build/transfer/verify-registry.ts');
    return transferring(call, (transfer) => verifyInRegistry(reference, key, transfer));
  };
  return {kind: 'registry', verify};
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

type OnUnreferenced = Parameters<Verifiable['verify']>[0];

function verifyFiles(files: LayoutFiles, onUnreferenced: OnUnreferenced): Promise<readonly string[]> {
  return validateLayout(withZstd(files), onUnreferenced);
}

async function verifyArchive(path: string, onUnreferenced: OnUnreferenced): Promise<readonly string[]> {
  const {readMember, tarIndex} = await import('../../../sources/archive/tar-index.ts');
  const members = await tarIndex(path);
  const files: LayoutFiles = {
    async open(name) {
      const member = members.get(name);
      return member === undefined ? undefined : readMember(path, member);
    },
    async list(directory) {
      const inside = [...members.keys()].filter((name) => name.startsWith(`${directory}/`));
      return inside.map((name) => name.slice(directory.length + 1)).toSorted();
    },
  };
  const isDocker = !members.has('index.json') && members.has('manifest.json');
  return isDocker ? validateDockerArchive(files) : verifyFiles(files, onUnreferenced);
}
