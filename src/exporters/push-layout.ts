// A layout into the repositories of its names: each blob by the shortest way, each repository whole before a tag in it
// moves. A layer that was never downloaded is downloaded only where the registry has it nowhere.

import type {Digest} from '../oci/digest.ts';
import {isReferenceProblem, parseReference, type Reference, repositoryName} from '../oci/reference.ts';
import {byRepository} from '../sources/registry/push/by-repository.ts';
import {pushImage} from '../sources/registry/push/push-image.ts';
import {tellReferrers} from '../sources/registry/push/referrers.ts';
import type {PushBlob, PushManifest} from '../sources/registry/push/repository-writer.ts';
import {blobInMemory, storedBlob} from '../sources/registry/push/stored-blob.ts';
import {assert} from '../util/assert.ts';
import type {ExportContext} from './exporter.ts';
import type {Layout, LayoutBlob} from './layout.ts';

export interface PushLayoutOptions {
  /** `registry/repository:tag`; without a tag it is pushed by digest. */
  readonly names: readonly string[];
  readonly insecure: boolean;
}

export async function pushLayout(
  layout: Layout,
  {names, insecure}: PushLayoutOptions,
  context: ExportContext,
): Promise<void> {
  const client = await context.registry();
  const isManifest = new Set(layout.manifests.map(({digest}) => digest));
  const manifests = layout.manifests.map(({digest, mediaType}) => manifestOf(layout, digest, mediaType));
  for (const {repository, tags} of byRepository(names.map(referenceOf))) {
    const name = repositoryName(repository);
    context.note(`pushing layers to ${name}`);
    const writer = client.writer(repository, {insecure});
    const beforeTags = async (): Promise<void> => {
      for (const {subject, descriptor} of layout.referrers) {
        const keeper = await tellReferrers(writer, subject, [descriptor], context.signal);
        context.note(`${descriptor.digest} refers to ${subject}, as its ${keeper} says in ${name}`);
      }
      await context.sign?.(repository, [...isManifest, layout.root.digest], {insecure});
    };
    await pushImage(
      writer,
      {
        blobs: layout.blobs
          .filter(({digest}) => !isManifest.has(digest))
          .map((blob) => pushBlobOf(blob, repository, context)),
        manifests,
        tags,
      },
      {
        onBytes: (blob, sent) => context.progress(blob.digest, sent, blob.size),
        onBlob: (blob, outcome) => {
          if (outcome !== 'uploaded') context.note(`${blob.digest} is ${outcome} in ${name}`);
        },
        ...(layout.referrers.length === 0 && context.sign === undefined ? {} : {beforeTags}),
      },
      context.signal,
    );
    for (const tag of tags.length > 0 ? tags.map((one) => `:${one}`) : ['']) {
      context.note(`pushed manifest for ${name}${tag}@${layout.root.digest}`);
    }
  }
}

function manifestOf({blobs}: Layout, digest: Digest, mediaType: string): PushManifest {
  const found = blobs.find((blob) => blob.digest === digest);
  assert(found !== undefined && 'bytes' in found, 'a layout has the bytes of its manifests');
  return {mediaType, bytes: found.bytes};
}

function referenceOf(name: string): Reference {
  const reference = parseReference(name);
  assert(!isReferenceProblem(reference), `${name} was read before`);
  return reference;
}

function pushBlobOf(blob: LayoutBlob, repository: Reference, context: ExportContext): PushBlob {
  if ('bytes' in blob) return blobInMemory(blob.bytes);
  const {remote} = blob;
  const source = remote === undefined ? undefined : parseReference(remote.source);
  const isNear = source !== undefined && !isReferenceProblem(source) && source.domain === repository.domain;
  return {
    ...storedBlob(blob, () => context.blobs.path(blob.digest)),
    ...(remote === undefined ? {} : {prepare: (signal) => remote.fetch(signal)}),
    ...(isNear ? {mountFrom: [source.path]} : {}),
  };
}
