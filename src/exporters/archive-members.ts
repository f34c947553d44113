// An OCI layout as members of an archive.

import type {BlobReader, BuiltImages} from './exporter.ts';
import {blobPath, indexBytes, type Layout, layoutFile} from './layout.ts';
import type {ArchiveMember} from './tar-archive.ts';

export async function layoutMembers(
  layout: Pick<Layout, 'blobs' | 'entries'>,
  blobs: BlobReader,
): Promise<ArchiveMember[]> {
  const members: ArchiveMember[] = [
    {name: 'blobs', type: 'directory'},
    {name: 'blobs/sha256', type: 'directory'},
    {name: 'index.json', type: 'bytes', bytes: indexBytes(layout.entries)},
    {name: 'oci-layout', type: 'bytes', bytes: layoutFile},
  ];
  for (const blob of layout.blobs) {
    const name = blobPath(blob.digest);
    if ('bytes' in blob) members.push({name, type: 'bytes', bytes: blob.bytes});
    else members.push({name, type: 'file', path: await blobs.path(blob.digest), size: blob.size});
  }
  return members;
}

/** Members' time: never the wall clock, so that the same image is the same archive. */
export function epochSecondsOf({images: [first]}: BuiltImages): number {
  return first.epochSeconds ?? 0;
}
