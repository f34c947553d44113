// What a scanner wrote: files NAME.spdx.json, each an in-toto statement about an image that the scanner does not know.
// The predicate is taken, the subject is ours to say. The scanner is a stranger: what it wrote is checked.

import {basename} from 'node:path';
import type {ScannedFile} from '../../attestation/sbom/scan.ts';
import {spdxPredicateType} from '../../attestation/sbom/spdx.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import type {Attestation} from '../../exporters/exporter.ts';
import {statementType} from '../../oci/attestation-marks.ts';

const bytesMax = 256 * 1024 * 1024;

/** In the order of their names. `generator` is for messages. */
export async function statementsOf(
  files: readonly ScannedFile[],
  generator: string,
): Promise<readonly Attestation[]> {
  const found = files.filter(({path}) => path.endsWith('.spdx.json'));
  if (found.length === 0) throw useless(generator, 'wrote no NAME.spdx.json into $BUILDKIT_SCAN_DESTINATION');
  const statements: Attestation[] = [];
  for (const file of found.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    if (file.size > bytesMax) throw useless(generator, `wrote ${file.path} of ${file.size} bytes`);
    const pieces: Uint8Array[] = [];
    for await (const piece of file.read()) pieces.push(piece);
    const attestation = attestationIn(Buffer.concat(pieces).toString('utf8'));
    if (attestation === undefined)
      throw useless(generator, `wrote ${file.path}, which is no in-toto statement of an SPDX document`);
    statements.push({...attestation, file: basename(file.path)});
  }
  return statements;
}

function attestationIn(text: string): Attestation | undefined {
  let statement: {_type?: unknown; predicateType?: unknown; predicate?: unknown} | null;
  try {
    statement = JSON.parse(text) as typeof statement;
  } catch {
    return undefined;
  }
  const {_type: type, predicateType, predicate} = statement ?? {};
  const isStatement = typeof type === 'string' && statementType.test(type);
  const isObject = typeof predicate === 'object' && predicate !== null && !Array.isArray(predicate);
  return isStatement && isObject && predicateType === spdxPredicateType
    ? {predicateType, predicate}
    : undefined;
}

function useless(generator: string, problem: string): Error {
  return buildError('user', 'sbom-scanner', `the scanner ${generator} ${problem}`, {
    hints: ["scanners follow BuildKit's SBOM protocol; without generator= tsbuild looks for packages itself"],
  });
}
