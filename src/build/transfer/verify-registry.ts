// An image in a registry, verified there: every manifest and blob is read from the registry itself, whatever is here
// already, and nothing is kept. With a key it must be signed, and so must what is said of it.

import {buildError} from '../../diagnostics/build-error.ts';
import {isBesideImages} from '../../oci/attestation-marks.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {isIndexType, isManifestType} from '../../oci/media-types.ts';
import {parseManifest} from '../../oci/parse-manifest.ts';
import {manifestName, normalisedName, type Reference} from '../../oci/reference.ts';
import {type LayoutFiles, validateImage, validateReferrer} from '../../oci/validate.ts';
import type {VerifyingKey} from '../../signature/keys.ts';
import {withZstd} from '../../sources/registry/decompress.ts';
import {RepositoryReader} from '../../sources/registry/repository-reader.ts';
import {attestationProblems, signatureProblems} from './signatures.ts';
import type {Transfer} from './transfer.ts';

export async function verifyInRegistry(
  reference: Reference,
  key: VerifyingKey | undefined,
  {engine, reporter, signal}: Transfer,
): Promise<readonly string[]> {
  const name = normalisedName(reference);
  return reporter.step(`verifying ${name}`, async () => {
    const reader = new RepositoryReader(await engine.registry(), reference, signal);
    const found = await reader.manifest(manifestName(reference));
    if (found === undefined) {
      throw buildError('user', 'registry-not-found', `${name}: not found`, {
        hints: ['check the name and the tag; a private image may need a login'],
      });
    }
    const {mediaType, bytes} = found;
    const root: Descriptor = {mediaType, digest: reference.digest ?? found.digest, size: bytes.length};
    const told: string[] = [];
    const files = withZstd(filesOf(reader, told));
    const problems = await validateImage(files, root, name);
    signal.throwIfAborted();
    const parsed = parseManifest(bytes, mediaType);
    const images =
      parsed.kind === 'index' ? parsed.index.manifests.filter((one) => !isBesideImages(one)) : [];
    for (const subject of [root, ...images]) {
      const where = `${name} > ${subject.digest.slice(0, 19)}`;
      for (const referrer of await reader.referrers(subject.digest))
        problems.push(...(await validateReferrer(files, referrer, subject, where)));
    }
    problems.push(...told);
    if (key === undefined) return problems;
    problems.push(...(await signatureProblems(root.digest, reader, key)));
    for (const {digest} of [root, ...images])
      problems.push(...(await attestationProblems(digest, reader, key)));
    return problems;
  });
}

/** What the registry says of its manifests besides their bytes is compared, too. */
function filesOf(reader: RepositoryReader, problems: string[]): LayoutFiles {
  return {
    async open(_, blob) {
      if (blob === undefined) return undefined;
      const {mediaType, digest} = blob;
      if (!isIndexType(mediaType) && !isManifestType(mediaType)) return reader.blob(blob);
      const found = await reader.manifest(digest);
      if (found === undefined) return undefined;
      if (found.mediaType !== mediaType)
        problems.push(`${digest}: the registry calls it ${found.mediaType}, it is listed as ${mediaType}`);
      return (async function* () {
        yield found.bytes;
      })();
    },
  };
}
