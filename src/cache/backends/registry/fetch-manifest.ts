// A manifest as the registry has it, whatever it is: read and judged by whoever asked.

import type {Reference} from '../../../oci/reference.ts';
import type {RegistryClient} from '../../../sources/registry/client.ts';

const manifestBytesMax = 4 * 1024 * 1024;

export interface FetchedManifest {
  readonly bytes: Uint8Array;
  /** As the registry calls it. */
  readonly mediaType: string | undefined;
}

/** By tag or digest, of a type that `accept` lists; undefined when there is none. Bytes are not verified. */
export async function fetchManifest(
  client: RegistryClient,
  reference: Reference,
  name: string,
  accept: string,
  signal: AbortSignal,
): Promise<FetchedManifest | undefined> {
  const {path} = reference;
  const response = await client.send(reference, {
    path: `/${path}/manifests/${name}`,
    headers: {accept},
    scope: `repository:${path}:pull`,
    signal,
  });
  if (response.status !== 200) {
    await response.discard();
    if (response.status === 404) return undefined;
    throw new Error(`status ${response.status}`);
  }
  const mediaType = response.headers['content-type']?.split(';')[0]?.trim();
  return {bytes: await response.bytes(manifestBytesMax), mediaType};
}
