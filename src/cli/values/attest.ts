// --attest, and its short forms --provenance and --sbom, as buildx reads them: `type=TYPE[,KEY=VALUE…]`, or for the
// short forms a boolean or the rest.

import type {AttestRequest, ProvenanceRequest, SbomGenerator} from '../../attestation/attest-request.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../../oci/reference.ts';
import {goBool} from '../../util/go-bool.ts';
import {suggest} from '../../util/suggest.ts';
import {csvPairs} from './csv.ts';
import {isProblem, type Problem} from './problem.ts';

const types = ['provenance', 'sbom'] as const;
export type AttestType = (typeof types)[number];

/** The part that was given; null: that type is switched off. */
export type AttestFlag =
  | {readonly type: 'provenance'; readonly provenance: ProvenanceRequest | null}
  | {readonly type: 'sbom'; readonly sbom: true | SbomGenerator | null};

const provenanceKeys = ['mode', 'version', 'inline-only', 'disabled', 'builder-id', 'reproducible'];

export function parseAttest(text: string): AttestFlag | Problem {
  const pairs = csvPairs(text);
  if (isProblem(pairs)) return {problem: `--attest ${text}: ${pairs.problem}`};
  const {type, ...rest} = Object.fromEntries(pairs);
  if (type === 'provenance' || type === 'sbom') return attestFlag('--attest', type, rest);
  const near = type === undefined ? undefined : suggest(type, types);
  return {
    problem:
      type === undefined
        ? `--attest ${text}: type is missing, expected type=provenance or type=sbom`
        : `--attest ${text}: unknown type "${type}", ${near === undefined ? 'expected provenance or sbom' : `did you mean ${near}?`}`,
  };
}

/** `--provenance=VALUE`, `--sbom=VALUE`. */
export function parseShortAttest(type: AttestType, text: string): AttestFlag | Problem {
  const on = goBool(text);
  if (on !== undefined || text === '') return attestFlag(`--${type}`, type, {disabled: String(on === false)});
  const pairs = csvPairs(text);
  if (isProblem(pairs)) return {problem: `--${type} ${text}: ${pairs.problem}`};
  return attestFlag(`--${type}`, type, Object.fromEntries(pairs));
}

/** Of one type the last word counts. */
export function attestRequestOf(flags: readonly AttestFlag[]): AttestRequest | undefined {
  let request: AttestRequest = {};
  for (const flag of flags) {
    const {provenance, sbom} = request;
    if (flag.type === 'provenance') {
      request = {
        ...(flag.provenance === null ? {} : {provenance: flag.provenance}),
        ...(sbom === undefined ? {} : {sbom}),
      };
    } else {
      request = {
        ...(provenance === undefined ? {} : {provenance}),
        ...(flag.sbom === null ? {} : {sbom: flag.sbom}),
      };
    }
  }
  return Object.keys(request).length === 0 ? undefined : request;
}

function attestFlag(
  flag: string,
  type: AttestType,
  values: Readonly<Record<string, string>>,
): AttestFlag | Problem {
  const {disabled = 'false', ...rest} = values;
  const isOff = goBool(disabled);
  if (isOff === undefined) return {problem: `${flag}: disabled expects true or false, got "${disabled}"`};
  if (type === 'sbom') {
    const sbom = sbomOf(flag, rest);
    if (sbom !== true && isProblem(sbom)) return sbom;
    return {type, sbom: isOff ? null : sbom};
  }
  const provenance = provenanceOf(flag, rest);
  if (isProblem(provenance)) return provenance;
  return {type, provenance: isOff ? null : provenance};
}

/** What is not the scanner's image is a variable for it; keys are read in any case, and variables are upper case. */
function sbomOf(flag: string, values: Readonly<Record<string, string>>): true | SbomGenerator | Problem {
  const {generator = '', ...parameters} = values;
  if (generator === '') {
    const [key] = Object.keys(parameters);
    return key === undefined
      ? true
      : {problem: `${flag}: unknown key "${key}", without generator= there is none`};
  }
  const reference = parseReference(generator);
  if (isReferenceProblem(reference))
    return {problem: `${flag}: generator=${generator}: ${reference.problem}`};
  const variables = Object.entries(parameters).map(([key, value]) => [key.toUpperCase(), value]);
  return {image: normalisedName(reference), parameters: Object.fromEntries(variables)};
}

function provenanceOf(flag: string, values: Readonly<Record<string, string>>): ProvenanceRequest | Problem {
  const {mode = 'max', version = 'v1', 'inline-only': inlineOnly = 'false'} = values;
  for (const key of Object.keys(values)) {
    if (provenanceKeys.includes(key)) continue;
    const near = suggest(key, provenanceKeys);
    return {problem: `${flag}: unknown key "${key}"${near === undefined ? '' : `, did you mean ${near}?`}`};
  }
  if (mode !== 'min' && mode !== 'max') return {problem: `${flag}: mode expects min or max, got "${mode}"`};
  if (version !== 'v1' && version !== 'v0.2')
    return {problem: `${flag}: version expects v1 or v0.2, got "${version}"`};
  const isInline = goBool(inlineOnly);
  if (isInline === undefined)
    return {problem: `${flag}: inline-only expects true or false, got "${inlineOnly}"`};
  const isReproducible = goBool(values['reproducible'] ?? 'false');
  if (isReproducible === undefined)
    return {problem: `${flag}: reproducible expects true or false, got "${values['reproducible']}"`};
  const builderId = values['builder-id'];
  return {
    mode,
    version,
    inlineOnly: isInline,
    ...(builderId ? {builderId} : {}),
    ...(isReproducible ? {isReproducible} : {}),
  };
}
