// The shelf of places that share cache records. A new one is a folder with a factory, and a line here.

import {buildError} from '../../diagnostics/build-error.ts';
import {suggest} from '../../util/suggest.ts';
import type {
  BackendDirection,
  BackendFactory,
  BackendPlace,
  BackendServices,
  CacheBackend,
} from './backend.ts';
import {ghaBackend} from './gha/gha-backend.ts';
import {localBackend} from './local/local-backend.ts';
import {registryBackend} from './registry/registry-backend.ts';
import {s3Backend} from './s3/s3-backend.ts';

const backendFactories: readonly BackendFactory[] = [registryBackend, localBackend, s3Backend, ghaBackend];

export function factoryOf(type: string): BackendFactory {
  const factory = backendFactories.find((candidate) => candidate.type === type);
  if (factory !== undefined) return factory;
  const types = [...backendFactories.map((candidate) => candidate.type), 'inline'];
  const near = suggest(type, types);
  throw buildError('usage', 'cache-unknown-type', `there is no cache type=${type}`, {
    hints: [near === undefined ? `the types are ${types.join(', ')}` : `did you mean type=${near}?`],
  });
}

export function createBackend(
  type: string,
  options: ReadonlyMap<string, string>,
  services: BackendServices,
  direction: BackendDirection,
): CacheBackend {
  return factoryOf(type).create(options, services, direction);
}

/** Opens again what a layer remembers; its secrets come from the environment. */
export function reopenBackend({type, options}: BackendPlace, services: BackendServices): CacheBackend {
  return createBackend(type, new Map(Object.entries(options)), services, 'from');
}
