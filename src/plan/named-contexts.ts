// `--build-context NAME=…`: what a name means when the user overrides it. A name is compared as docker shortens image
// names, so that `docker.io/library/alpine:latest` and `alpine` are one; `NAME::PLATFORM` is for one platform only.

import {formatPlatform, type Platform} from '../oci/platform.ts';
import {familiarName, isReferenceProblem, parseReference} from '../oci/reference.ts';
import type {NamedContext} from './plan.ts';

export class NamedContexts {
  readonly #contexts = new Map<string, NamedContext>();

  constructor(contexts: Readonly<Record<string, NamedContext>>) {
    for (const [name, context] of Object.entries(contexts)) {
      const [image = '', platform] = name.split('::', 2);
      const short = shortName(image) ?? image;
      this.#contexts.set(platform === undefined ? short : `${short}::${platform}`, context);
    }
  }

  /** The context for a stage name, an image or the value of a `from=`. */
  find(name: string, platform: Platform): NamedContext | undefined {
    const folded = name.toLowerCase();
    if (folded === 'scratch' || folded === 'context') return undefined;
    const short = shortName(name);
    if (short === undefined) return undefined;
    return this.#contexts.get(`${short}::${formatPlatform(platform)}`) ?? this.#contexts.get(short);
  }
}

function shortName(name: string): string | undefined {
  const reference = parseReference(name);
  if (isReferenceProblem(reference)) return undefined;
  const short = familiarName(reference);
  return short.endsWith(':latest') ? short.slice(0, -':latest'.length) : short;
}
