// Images as rows, with docker's fields and one more: Platform.

import {hexOf} from '../../../oci/digest.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {familiarName, isReferenceProblem, parseReference} from '../../../oci/reference.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import type {Clock} from '../../../util/clock.ts';
import {ageText, sizeText, timeText} from '../../format/figures.ts';
import type {RowFormat} from '../../format/print.ts';
import type {FormatObject} from '../../format/value.ts';

const none = '<none>';

export const imageHeadings: RowFormat['headings'] = {
  Containers: 'CONTAINERS',
  CreatedAt: 'CREATED AT',
  CreatedSince: 'CREATED',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  Platform: 'PLATFORM',
  Repository: 'REPOSITORY',
  SharedSize: 'SHARED SIZE',
  Size: 'SIZE',
  Tag: 'TAG',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'SIZE',
};

/** The time that the image itself tells, as docker has it; of one that tells none when it came here. */
export function createdMsOf({config, createdAtMs}: ImageDetails): number {
  const told = Date.parse(config.created ?? '');
  return Number.isNaN(told) ? createdAtMs : told;
}

export function imageRow(image: ImageDetails, truncate: boolean, clock: Clock): FormatObject {
  const created = createdMsOf(image);
  const {repository, tag} = nameParts(image.name);
  const size = sizeText(image.sizeBytes);
  return {
    Containers: 'N/A',
    CreatedAt: timeText(created),
    CreatedSince: ageText(clock.nowMs() - created),
    Digest: image.root.digest,
    ID: shownId(image, truncate),
    Platform: formatPlatform(image.platform),
    Repository: repository,
    SharedSize: 'N/A',
    Size: size,
    Tag: tag,
    UniqueSize: 'N/A',
    VirtualSize: size,
  };
}

export function shownId({configDigest}: Pick<ImageDetails, 'configDigest'>, truncate: boolean): string {
  return truncate ? hexOf(configDigest).slice(0, 12) : configDigest;
}

export function isDangling({name}: ImageDetails): boolean {
  return isReferenceProblem(parseReference(name));
}

/** As docker shows them; a nameless image has `<none>` for both. */
export function nameParts(name: string): {repository: string; tag: string} {
  const reference = parseReference(name);
  if (isReferenceProblem(reference)) return {repository: none, tag: none};
  const {tag, ...untagged} = reference;
  const {digest: _, ...repository} = untagged;
  return {repository: familiarName(repository), tag: tag ?? none};
}
