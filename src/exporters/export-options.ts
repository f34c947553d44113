// Reading the `key=value` options of an output. An option that an exporter does not have is refused, with the one
// that was probably meant: an output that silently ignores `dset=` would lose a build's result.

import {type BuildError, type BuildErrorKind, buildError} from '../diagnostics/build-error.ts';
import {dockerDialect, type ImageDialect, ociDialect} from '../oci/media-types.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../oci/reference.ts';
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

  /** Options of docker's that may only say what happens anyway. */
  only(key: string, accepted: readonly string[], reason: string): void {
    const value = this.#options.get(key);
    if (value === undefined || accepted.includes(value.toLowerCase())) return;
    throw this.problem(`does not support ${key}=${value}: ${reason}`);
  }

  /** `name=` (a comma-separated list, docker's way to name an output) or else the names given with -t. */
  names(tags: readonly string[]): readonly string[] {
    const text = this.#options.get('name');
    if (text === undefined || text === '') return tags;
    return text.split(',').map((name) => {
      const reference = parseReference(name.trim());
      if (isReferenceProblem(reference)) throw this.problem(`has a bad name "${name}": ${reference.problem}`);
      return normalisedName(reference);
    });
  }

  /** `annotation.KEY=VALUE`, `annotation-manifest.KEY=VALUE`. */
  annotations(): Readonly<Record<string, string>> {
    const annotations: Record<string, string> = {};
    for (const [key, value] of this.#options) {
      const match = /^annotation(?:-manifest)?\.(.+)$/.exec(key);
      if (match?.[1] !== undefined) annotations[match[1]] = value;
    }
    return annotations;
  }

  /** `oci-mediatypes`. Docker's manifests have no annotations, so asking for some asks for OCI's, as in BuildKit. */
  dialect(usual: ImageDialect): ImageDialect {
    const isAnnotated = Object.keys(this.annotations()).length > 0;
    const isOci = this.boolean('oci-mediatypes', usual === ociDialect || isAnnotated);
    if (!isOci && isAnnotated) throw this.problem('has no annotations with oci-mediatypes=false');
    return isOci ? ociDialect : dockerDialect;
  }
}

/** Options that every exporter of an image has. */
export const imageOptions = {
  name: 'names of the image, comma-separated (default: those of -t)',
  compression: 'gzip',
  'oci-mediatypes': "false for docker's media types",
  'oci-artifact': 'true: attestations are OCI artifacts with the image as subject',
  'rewrite-timestamp': 'false',
  'force-compression': 'false',
  'annotation.*': 'annotation of the manifest',
  'annotation-manifest.*': 'annotation of the manifest',
} as const;

export function checkImageOptions(options: ExportOptions): void {
  options.only('compression', ['gzip'], 'layers are compressed with gzip');
  options.only('rewrite-timestamp', ['false', '0'], 'files that are copied keep their times');
  options.only('force-compression', ['false', '0'], 'layers of the base image stay as they are');
}
