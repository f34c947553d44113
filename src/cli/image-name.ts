// A name that an image is given, as docker allows it: a tag, `latest` unless told, and no digest.

import {buildError} from '../diagnostics/build-error.ts';
import {
  isReferenceProblem,
  looksLikeId,
  normalisedName,
  parseReference,
  type Reference,
} from '../oci/reference.ts';

/** Throws BuildError('usage'). */
export function taggedName(text: string): string {
  const reference = parseReference(text);
  if (isReferenceProblem(reference)) {
    throw buildError('usage', 'cli-bad-value', `"${text}" is no name for an image: ${reference.problem}`);
  }
  const problem = namingProblem(reference);
  if (problem !== undefined) throw buildError('usage', 'cli-bad-value', `"${text}" ${problem}`);
  return normalisedName(reference);
}

/** Why an image cannot be given the name, to follow its text; undefined: it can. */
export function namingProblem(reference: Reference): string | undefined {
  if (reference.digest !== undefined) return 'has a digest: a name is given as NAME[:TAG]';
  return looksLikeId(reference) ? 'would be taken for an ID: an image cannot be called sha256' : undefined;
}

/** A name with all that it may have. Throws BuildError('usage'). */
export function imageReference(text: string): Reference {
  const reference = parseReference(text);
  if (!isReferenceProblem(reference)) return reference;
  throw buildError('usage', 'cli-bad-value', `"${text}" is no name of an image: ${reference.problem}`);
}

/** docker's word to who named neither tag nor digest; nothing to others. */
export function defaultTagNotice({tag, digest}: Reference): string {
  return (tag ?? digest) === undefined ? 'Using default tag: latest\n' : '';
}
