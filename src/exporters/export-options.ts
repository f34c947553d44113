// Reading the `key=value` options of an output. An option that an exporter does not have is refused, with the one
// that was probably meant: an output that silently ignores `dset=` would lose a build's result.

import {type BuildError, type BuildErrorKind, buildError} from '../diagnostics/build-error.ts';
import {dockerDialect, type ImageDialect, ociDialect} from '../oci/media-types.ts';
import {isReferenceProblem, looksLikeId, normalisedName, parseReference} from '../oci/reference.ts';
import {suggest} from '../util/suggest.ts';

export class ExportOptions {
  readonly #type: string;
  readonly #options: ReadonlyMap<string, string>;

  /** Throws BuildError('usage') unless every option is one of `known`, where a trailing `*` stands for any ending. */
  constructor(type: string, options: ReadonlyMap<string, string>, known: Readonly<Record<string, string>>) {
    this.#type = type;
    this.#options = options;
    const names = Object.keys(known);
    for (const key of options.keys()) {
      const isKnown = names.some((name) =>
        name.endsWith('*') ? key.startsWith(name.slice(0, -1)) && key.length >= name.length : key === name,
      );
      if (isKnown) continue;
      const near = suggest(key, names);
      const expected = names.length === 0 ? 'it has none' : `expected ${names.join(', ')}`;
      throw this.problem(`has no option "${key}"`, near === undefined ? expected : `did you mean ${near}?`);
    }
  }

  problem(text: string, hint?: string, kind: BuildErrorKind = 'usage'): BuildError {
    const hints = hint === undefined ? {} : {hints: [hint]};
    return buildError(kind, 'exporter-bad-option', `output type=${this.#type} ${text}`, hints);
  }

  text(key: string): string | undefined {
    return this.#options.get(key);
  }

  required(key: string, what: string): string {
    const value = this.#options.get(key);
    if (value === undefined || value === '') throw this.problem(`needs ${key}=${what}`);
    return value;
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.#options.get(key);
    switch (value?.toLowerCase()) {
      case undefined:
        return otherwise;
      case '':
      case '1':
      case 't':
      case 'true':
        return true;
      case '0':
      case 'f':
      case 'false':
        return false;
      default:
        throw this.problem(`expects ${key}=true or ${key}=false, got "${value}"`);
    }
  }

  /** `name=` (a comma-separated list, docker's way to name an output) or else the names given with -t. */
  names(tags: readonly string[]): readonly string[] {
    const text = this.#options.get('name');
    if (text === undefined || text === '') return tags;
    return text.split(',').map((name) => {
      const reference = parseReference(name.trim());
      if (isReferenceProblem(reference)) throw this.problem(`has a bad name "${name}": ${reference.problem}`);
      if (looksLikeId(reference)) throw this.problem(`has a bad name "${name}": it would be taken for an ID`);
      return normalisedName(reference);
    });
  }

  /** One of `values`, in any case; undefined when it is not given. */
  choice<Value extends string>(key: string, values: readonly Value[]): Value | undefined {
    const text = this.#options.get(key);
    if (text === undefined) return undefined;
    const found = values.find((value) => value === text.toLowerCase());
    if (found !== undefined) return found;
    const near = suggest(text, values);
    throw this.problem(
      `has no ${key}=${text}: expected ${values.join(', ')}`,
      near === undefined ? undefined : `did you mean ${key}=${near}?`,
    );
  }

  /** From 0 to `max`; undefined when it is not given. */
  integer(key: string, max: number): number | undefined {
    const text = this.#options.get(key);
    if (text === undefined) return undefined;
    if (/^\d{1,9}$/.test(text) && Number(text) <= max) return Number(text);
    throw this.problem(`expects ${key} from 0 to ${max}, got "${text}"`);
  }

  /** Options whose names begin so. */
  startingWith(start: string): (readonly [string, string])[] {
    return [...this.#options].filter(([key]) => key.startsWith(start));
  }

  /** `oci-mediatypes`. Docker's manifests have no annotations, so asking for some asks for OCI's, as in BuildKit. */
  dialect(usual: ImageDialect, isAnnotated: boolean): ImageDialect {
    const isOci = this.boolean('oci-mediatypes', usual === ociDialect || isAnnotated);
    if (!isOci && isAnnotated) throw this.problem('has no annotations with oci-mediatypes=false');
    return isOci ? ociDialect : dockerDialect;
  }
}
