// An image from its registry into the local store: manifest, config and every layer, of one platform. Layers that are
// here already stay, so a pull that was interrupted goes on with those that are missing.

import type {Descriptor} from '../../oci/descriptor.ts';
import type {Digest} from '../../oci/digest.ts';
import {parseConfig} from '../../oci/parse-config.ts';
import {type Platform, platformRank} from '../../oci/platform.ts';
import {normalisedName, type Reference} from '../../oci/reference.ts';
import {pushMemoryIn} from '../../sources/registry/push/push-memory.ts';
import {imageStoreOf} from '../../store/image-store.ts';
import {systemClock} from '../../util/clock.ts';
import {mapLimited} from '../../util/map-limited.ts';
import {fetchLayer} from './fetch-layer.ts';
import type {Transfer} from './transfer.ts';

export interface Pulled {
  /** Normalised. */
  readonly name: string;
  /** What the name stands for in the registry: an index, or the manifest itself. */
  readonly digest: Digest;
  /** The store had this very image under the name. */
  readonly isUpToDate: boolean;
  /** Another one than was asked for: an image that is in no index is taken whatever it is for. */
  readonly otherPlatform: Platform | undefined;
}

/** More wait for the registry's slots only. */
const layersMax = 8;

export async function pullImage(
  reference: Reference,
  platform: Platform,
  {engine, reporter, signal}: Transfer,
): Promise<Pulled> {
  const name = normalisedName(reference);
  return reporter.step(`pulling ${name}`, async (note, progress) => {
    const {blobs, state, notes} = engine;
    const client = await engine.registry();
    const found = await client.resolve(reference, platform, signal);
    const {configDescriptor, manifest, manifestBytes, manifestDigest, mediaType, rootDigest} = found;
    const memory = pushMemoryIn(notes);
    const fetch = async (layer: Descriptor): Promise<void> => {
      if (!(await fetchLayer(reference, layer, {engine, signal}, {note, progress}))) {
        note(`${layer.digest} is here already`);
      }
      memory.sawBlob(reference.domain, reference.path, layer.digest);
    };
    const configBytes = await client.fetchSmall(reference, configDescriptor, signal);
    await blobs.put(configBytes);
    const layers = new Map(manifest.layers.map((layer) => [layer.digest, layer]));
    await mapLimited([...layers.values()], layersMax, fetch);
    await blobs.put(manifestBytes);
    const root: Descriptor = {mediaType, digest: manifestDigest, size: manifestBytes.length};
    const images = imageStoreOf(state.database, state.root);
    const isUpToDate = images.rootOf(name)?.digest === manifestDigest;
    if (!isUpToDate) images.tag(name, root, systemClock.nowMs());
    return {name, digest: rootDigest, isUpToDate, otherPlatform: otherPlatform(configBytes, platform)};
  });
}

function otherPlatform(configBytes: Uint8Array, wanted: Platform): Platform | undefined {
  const config = parseConfig(configBytes);
  return 'problem' in config || platformRank(wanted, config) !== undefined ? undefined : config;
}

/** Pulls every tag of a repository. */
export async function pullAllTags(
  repository: Reference,
  platform: Platform,
  transfer: Transfer,
): Promise<readonly Pulled[]> {
  const client = await transfer.engine.registry();
  const pulled: Pulled[] = [];
  for (const tag of await client.tags(repository, transfer.signal)) {
    pulled.push(await pullImage({...repository, tag}, platform, transfer));
  }
  return pulled;
}
