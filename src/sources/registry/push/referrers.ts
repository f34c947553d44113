// What refers to a manifest, told to registries that do not find it out: since distribution-spec 1.1 a registry lists
// the manifests that have another one as their subject; for one that cannot, whoever pushes keeps the list, as an index
// under the tag sha256-HEX ("Referrers tag schema").

import type {Descriptor} from '../../../oci/descriptor.ts';
import {type Digest, hexOf} from '../../../oci/digest.ts';
import {mediaTypes} from '../../../oci/media-types.ts';
import {parseManifest} from '../../../oci/parse-manifest.ts';
import {canonicalJson, type Json} from '../../../util/canonical-json.ts';
import type {RepositoryWriter} from './repository-writer.ts';

/** The tag that stands for the list, in the manifest's own repository. */
export function referrersTag(subject: Digest): string {
  return `sha256-${hexOf(subject)}`;
}

/** What an index of referrers lists; nothing where it is none. */
export function referrersIn(bytes: Uint8Array): readonly Descriptor[] {
  const parsed = parseManifest(bytes, mediaTypes.index);
  return parsed.kind === 'index' ? parsed.index.manifests : [];
}

/** Adds to the list where the registry has none of its own; says by whom it is kept. */
export async function tellReferrers(
  writer: Pick<RepositoryWriter, 'read' | 'putManifest'>,
  subject: Digest,
  added: readonly Descriptor[],
  signal: AbortSignal,
): Promise<'registry' | 'tag'> {
  if ((await writer.read(`/referrers/${subject}`, signal)) !== undefined) return 'registry';
  const tag = referrersTag(subject);
  const known = await writer.read(`/manifests/${tag}`, signal);
  const before = known === undefined ? [] : referrersIn(known);
  const isNew = ({digest}: Descriptor): boolean => !before.some((one) => one.digest === digest);
  const fresh = added.filter(isNew);
  if (fresh.length === 0) return 'tag';
  const index = {schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...before, ...fresh]};
  const bytes = Buffer.from(canonicalJson(index as unknown as Json));
  await writer.putManifest({mediaType: mediaTypes.index, bytes}, signal, tag);
  return 'tag';
}
