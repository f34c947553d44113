// Checks of what is said of images: that an attestation is of an image that is there, and that its statements name
// that image and are what they are listed as.

import {
  predicateTypeAnnotation,
  referenceDigestAnnotation,
  statementMediaType,
  statementType,
} from './attestation-marks.ts';
import {jsonOf, type LayoutFiles, readBlob} from './checked-blobs.ts';
import type {Descriptor} from './descriptor.ts';
import type {Digest} from './digest.ts';
import type {Manifest} from './manifest.ts';

export function isAttestation({layers}: Manifest): boolean {
  return layers.length > 0 && layers.every(({mediaType}) => mediaType === statementMediaType);
}

/** An attestation stands beside what it is of. */
export function checkReference(
  {annotations}: Descriptor,
  siblings: readonly Descriptor[],
  where: string,
  problems: string[],
): void {
  const digest = annotations?.[referenceDigestAnnotation];
  if (digest === undefined || siblings.some((sibling) => sibling.digest === digest)) return;
  problems.push(`${where}: attests ${digest}, which its index does not list`);
}

/** What a manifest refers to is `expected`, in every member. */
export function checkSubject(
  bytes: Uint8Array,
  expected: Pick<Descriptor, 'digest'> & Partial<Descriptor>,
  where: string,
  problems: string[],
): void {
  const subject = subjectIn(bytes);
  if (subject === undefined) {
    problems.push(`${where}: has no subject, it is listed as one of ${expected.digest}`);
  } else if (subject.digest !== expected.digest) {
    problems.push(`${where}: its subject is ${subject.digest}, its index says ${expected.digest}`);
  } else {
    if (expected.size !== undefined && subject.size !== expected.size)
      problems.push(`${where}: its subject has ${expected.size} bytes, not ${subject.size}`);
    if (expected.mediaType !== undefined && subject.mediaType !== expected.mediaType)
      problems.push(`${where}: its subject is ${expected.mediaType}, not ${subject.mediaType}`);
  }
}

function subjectIn(bytes: Uint8Array): Partial<Descriptor> | undefined {
  return (jsonOf(bytes)?.['subject'] ?? undefined) as Partial<Descriptor> | undefined;
}

export interface FoundAttestation {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
  readonly where: string;
  /** Among which what it attests is to be found. */
  readonly siblings: readonly Descriptor[];
}

export async function checkAttestation(
  files: LayoutFiles,
  {config, layers}: Manifest,
  {bytes, descriptor, where, siblings}: FoundAttestation,
  problems: string[],
): Promise<void> {
  const subject = subjectIn(bytes);
  const attested = descriptor.annotations?.[referenceDigestAnnotation] ?? subject?.digest;
  if (attested === undefined) problems.push(`${where}: does not say what it attests`);
  else if (subject !== undefined) {
    const sibling = siblings.find(({digest}) => digest === attested);
    checkSubject(bytes, sibling ?? {digest: attested as Digest}, where, problems);
  }
  await readBlob(files, config, `${where} > config`, problems);
  for (const [index, layer] of layers.entries()) {
    const place = `${where} > statement ${index}`;
    const read = await readBlob(files, layer, place, problems);
    if (read !== undefined) checkStatement(read, layer, attested, place, problems);
  }
}

function checkStatement(
  bytes: Uint8Array,
  {annotations}: Descriptor,
  attested: string | undefined,
  where: string,
  problems: string[],
): void {
  const statement = jsonOf(bytes);
  if (statement === undefined) {
    problems.push(`${where}: is no JSON object`);
    return;
  }
  const type = String(statement['_type']);
  if (!statementType.test(type)) problems.push(`${where}: is no in-toto statement, its _type is ${type}`);
  const listed = annotations?.[predicateTypeAnnotation];
  if (listed !== undefined && listed !== statement['predicateType'])
    problems.push(`${where}: its predicate is ${String(statement['predicateType'])}, listed as ${listed}`);
  const subjects = Array.isArray(statement['subject']) ? (statement['subject'] as unknown[]) : [];
  if (subjects.length === 0) problems.push(`${where}: has no subject`);
  for (const subject of subjects) {
    const sha256 = (subject as {digest?: {sha256?: unknown}} | null)?.digest?.sha256;
    if (attested === undefined || `sha256:${String(sha256)}` === attested) continue;
    problems.push(`${where}: its subject is sha256:${String(sha256)}, not ${attested}`);
  }
}
