// What every exporter of an image can be told about its form: names, media types, annotations, and how layers are
// written.

import {type ImageDialect, ociDialect} from '../oci/media-types.ts';
import {isUsual, type LayerFormat} from '../snapshot/layer-format.ts';
import {type Annotation, annotationsOf} from './annotations.ts';
import type {ExportOptions} from './export-options.ts';

export const imageOptions = {
  name: 'names of the image, comma-separated (default: those of -t)',
  compression: 'gzip (default), zstd, estargz or uncompressed',
  'compression-level': '0 to 9, with zstd 0 to 22',
  'force-compression': 'true writes the layers of the base image so too',
  'oci-mediatypes': "false for docker's media types",
  'oci-artifact': 'true: attestations are OCI artifacts with the image as subject',
  'rewrite-timestamp': 'true: no file in a new layer is younger than SOURCE_DATE_EPOCH',
  squash: 'stage (one layer on top of the base image) or all (one layer)',
  'annotation*': 'annotation[-manifest|-index|-manifest-descriptor|-index-descriptor][[PLATFORM]].KEY',
} as const;

/** Of outputs that have a place for what refers to an image. */
export const referrerOptions = {
  'attestation-style':
    'index (default), beside the image as BuildKit has it, or referrers, which no index lists',
} as const;

export type Squash = 'stage' | 'all';

export interface ImageForm {
  readonly names: readonly string[];
  readonly dialect: ImageDialect;
  readonly annotations: readonly Annotation[];
  readonly format: LayerFormat;
  readonly rewriteTimestamp: boolean;
  /** Attestations name their image as their subject. */
  readonly isArtifact: boolean;
  /** Attestations are in no index: they are found by their subject. */
  readonly asReferrers: boolean;
  readonly squash?: Squash;
  /** Layers that are only somewhere else stay there; see `ImageLayer.remote`. */
  readonly lazy?: boolean;
}

/** Throws BuildError('usage') on a bad value. `usual` is the exporter's own dialect. */
export function imageFormOf(options: ExportOptions, tags: readonly string[], usual: ImageDialect): ImageForm {
  const annotations = annotationsOf(options);
  const format = formatOf(options);
  const squash = squashOf(options);
  const asReferrers = options.choice('attestation-style', ['index', 'referrers']) === 'referrers';
  return {
    names: options.names(tags),
    annotations,
    format,
    // As in BuildKit: docker's manifests have no annotations, and eStargz is told by one.
    dialect: format.compression === 'estargz' ? ociDialect : options.dialect(usual, annotations.length > 0),
    rewriteTimestamp: options.boolean('rewrite-timestamp', false),
    isArtifact: asReferrers || options.boolean('oci-artifact', false),
    asReferrers,
    ...(squash === undefined ? {} : {squash}),
  };
}

/** Whether the layers of the build itself are in it as they are usually written. */
export function hasUsualLayers({
  format,
  rewriteTimestamp,
  squash,
}: Pick<ImageForm, 'format' | 'rewriteTimestamp' | 'squash'>): boolean {
  return isUsual(format) && !rewriteTimestamp && squash === undefined;
}

function formatOf(options: ExportOptions): LayerFormat {
  const force = options.boolean('force-compression', false);
  const compression = options.choice('compression', ['gzip', 'zstd', 'estargz', 'uncompressed']) ?? 'gzip';
  const levelMax = compression === 'zstd' ? 22 : 9;
  const level = options.integer('compression-level', levelMax);
  if (compression === 'uncompressed') return {compression: 'none', force};
  return {compression, force, ...(level === undefined ? {} : {level})};
}

function squashOf(options: ExportOptions): Squash | undefined {
  const choice = options.choice('squash', ['stage', 'all', 'true', 'false']);
  if (choice === 'true') return 'stage';
  return choice === 'false' ? undefined : choice;
}
