// From a built image to the bytes of its config and manifest. The same image gives the same bytes: every object has
// one spelling (canonical JSON), and every time comes from a layer, the base image or SOURCE_DATE_EPOCH, never from a
// clock.

import type {Descriptor} from '../oci/descriptor.ts';
import {type Digest, digestOf} from '../oci/digest.ts';
import type {HistoryEntry, ImageConfig} from '../oci/image-config.ts';
import type {Manifest} from '../oci/manifest.ts';
import {type ImageDialect, layerCompressionOf, ociDialect} from '../oci/media-types.ts';
import {assert} from '../util/assert.ts';
import {canonicalJson, type Json} from '../util/canonical-json.ts';
import {isoTime} from '../util/iso-time.ts';
import type {BuiltImage, ImageLayer} from './exporter.ts';

export interface AssembledImage {
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
  readonly configDigest: Digest;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  /** Of the manifest, with the platform. */
  readonly descriptor: Descriptor;
}

export interface ManifestOptions {
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the descriptor, not of the manifest. */
  readonly descriptorAnnotations: Readonly<Record<string, string>>;
  readonly dialect: ImageDialect;
}

/** `layers` as the image gave them, bottom first. */
export function assembleImage(
  image: Pick<
    BuiltImage,
    'config' | 'configMembers' | 'epochSeconds' | 'history' | 'layerTimesMs' | 'platform'
  >,
  layers: readonly ImageLayer[],
  {annotations = {}, descriptorAnnotations = {}, dialect = ociDialect}: Partial<ManifestOptions> = {},
): AssembledImage {
  const history = datedHistory(image, layers.length);
  const created = image.epochSeconds === undefined ? history.at(-1)?.created : epochText(image.epochSeconds);
  const {created: _, ...config} = image.config;
  const finalConfig: ImageConfig = {
    ...config,
    ...(created === undefined ? {} : {created}),
    rootfs: {type: 'layers', diff_ids: layers.map(({diffId}) => diffId)},
    history,
  };
  const configBytes = jsonBytes({...finalConfig, ...image.configMembers?.(layers)});
  const configDigest = digestOf(configBytes);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: dialect.manifest,
    config: {mediaType: dialect.config, digest: configDigest, size: configBytes.length},
    layers: layers.map(({descriptor}) => layerDescriptor(descriptor, dialect)),
    ...unlessEmpty(annotations),
  };
  const manifestBytes = jsonBytes(manifest);
  const descriptor: Descriptor = {
    mediaType: dialect.manifest,
    digest: digestOf(manifestBytes),
    size: manifestBytes.length,
    platform: image.platform,
    ...unlessEmpty(descriptorAnnotations),
  };
  return {config: finalConfig, configBytes, configDigest, manifest, manifestBytes, descriptor};
}

/** `annotations` as a member of a document, which leaves out an empty one. */
export function unlessEmpty(annotations: Readonly<Record<string, string>>): {
  readonly annotations?: Readonly<Record<string, string>>;
} {
  return Object.keys(annotations).length === 0 ? {} : {annotations};
}

/** Canonical JSON; what is written into images and layouts. */
export function jsonBytes(value: object): Uint8Array {
  return Buffer.from(canonicalJson(value as Json));
}

/**
 * Gives every entry a time. Entries of the base image have theirs. A layer's entry has the layer's time; an entry
 * without a layer that of the layer before it or, where the first new entries have none, that of the first new layer
 * (as BuildKit). SOURCE_DATE_EPOCH stands for every new time, and caps those of the base image.
 */
export function datedHistory(
  image: Pick<BuiltImage, 'epochSeconds' | 'history' | 'layerTimesMs'>,
  layerCount: number,
): HistoryEntry[] {
  const {history, layerTimesMs, epochSeconds} = image;
  const filled = history.filter((entry) => entry.empty_layer !== true).length;
  assert(filled === layerCount, `history tells of ${filled} layers, the image has ${layerCount}`);
  assert(layerTimesMs.length === layerCount, `${layerTimesMs.length} layer times for ${layerCount} layers`);
  let layer = 0;
  const layerTimes = history.map((entry) =>
    entry.empty_layer === true ? undefined : timeText(layerTimesMs[layer++] ?? 0),
  );
  const firstNew = history.findIndex((entry, index) => !entry.created && layerTimes[index] !== undefined);
  let latest = history.find((entry) => entry.created)?.created;
  let seenNewLayer = false;
  return history.map((entry, index) => {
    if (entry.created) {
      latest = entry.created;
      return {
        ...entry,
        created: epochSeconds === undefined ? entry.created : capped(entry.created, epochSeconds),
      };
    }
    const own = layerTimes[index];
    if (own !== undefined) {
      seenNewLayer = true;
      latest = own;
    } else if (!seenNewLayer && firstNew !== -1) {
      latest = layerTimes[firstNew];
    }
    const created = epochSeconds === undefined ? latest : epochText(epochSeconds);
    return created === undefined ? {...entry} : {...entry, created};
  });
}

/** In the manifest's dialect, whatever the base image's was. Members that are not about the bytes are left out. */
function layerDescriptor(
  {mediaType, digest, size, annotations}: Descriptor,
  dialect: ImageDialect,
): Descriptor {
  const compression = layerCompressionOf(mediaType);
  return {
    mediaType: compression === undefined ? mediaType : dialect.layers[compression],
    digest,
    size,
    ...(annotations === undefined ? {} : {annotations}),
  };
}

function capped(time: string, epochSeconds: number): string {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) || milliseconds > epochSeconds * 1000 ? epochText(epochSeconds) : time;
}

function epochText(seconds: number): string {
  return timeText(seconds * 1000);
}

/** RFC 3339 as Go writes it: no fraction when it is zero. */
function timeText(milliseconds: number): string {
  return isoTime(Math.floor(milliseconds)).replace('.000Z', 'Z');
}
