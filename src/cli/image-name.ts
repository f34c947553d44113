// A name that an image is given, as docker allows it: a tag, `latest` unless told, and no digest.

import {buildError} from '../diagnostics/build-error.ts';
import {isReferenceProblem, normalisedName, parseReference, type Reference} from '../oci/reference.ts';

/** Throws BuildError('usage'). */
export function taggedName(text: string): string {
  const reference = parseReference(text);
  if (isReferenceProblem(reference)) {
    throw buildError('usage', 'cli-bad-value', `"${text}" is no name for an image: ${reference.problem}`);
  }
  if (reference.digest !== undefined) {
    throw buildError('usage', 'cli-bad-value', `"${text}" has a digest: a name is given as NAME[:TAG]`);
  }
  return normalisedName(reference);
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
