// Where the layers of shared caches come from: a layer remembers its place as text, and a cache that this build opened,
// with the secrets it was given, is used before the place is opened again. What backends need is loaded with the first
// one that is asked for.

import type {Descriptor} from '../oci/descriptor.ts';
import {cacheSourcePrefix} from '../snapshot/layer-source.ts';
import {canonicalJson} from '../util/canonical-json.ts';
import type {BackendPlace, BackendServices, CacheBackend} from './backends/backend.ts';
import {steady} from './steady.ts';

export class CacheSources {
  readonly #services: BackendServices;
  readonly #open = new Map<string, CacheBackend>();

  constructor(services: BackendServices) {
    this.#services = services;
  }

  get services(): BackendServices {
    return this.#services;
  }

  /** Takes a backend into use, under the name that its layers remember. */
  add(backend: CacheBackend): void {
    this.#open.set(this.sourceOf(backend), backend);
  }

  sourceOf({place}: CacheBackend): string {
    return `${cacheSourcePrefix}${canonicalJson({type: place.type, options: place.options})}`;
  }

  async *fetch(source: string, blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let backend = this.#open.get(source);
    if (backend === undefined) {
      const {reopenBackend} = await import('./backends/index.ts');
      const place = JSON.parse(source.slice(cacheSourcePrefix.length)) as BackendPlace;
      backend = reopenBackend(place, this.#services);
      this.#open.set(source, backend);
    }
    yield* steady(backend.readBlob(blob, signal));
  }
}
