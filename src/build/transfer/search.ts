// Searching a registry needs no state: only the configuration and docker's logins.

import {RegistryClient} from '../../sources/registry/client.ts';
import type {FoundRepository} from '../../sources/registry/search.ts';
import {type EngineFiles, readEngineConfig} from '../engine.ts';

/** `domain` as in references. */
export async function search(
  domain: string,
  {term, limit}: {readonly term: string; readonly limit: number},
  files: EngineFiles,
  signal: AbortSignal,
): Promise<readonly FoundRepository[]> {
  const {environment} = files;
  const client = new RegistryClient({config: await readEngineConfig(files), environment});
  try {
    return await client.search(domain, {term, limit}, signal);
  } finally {
    await client.close();
  }
}
