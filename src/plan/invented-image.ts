// A base image as it might be, where nobody asks what it is: a PATH, one layer, the platform that is wanted.

import {type DiffId, digestOf} from '../oci/digest.ts';
import type {ImageConfig} from '../oci/image-config.ts';
import type {Platform} from '../oci/platform.ts';
import {defaultPath} from './image-config-builder.ts';
import type {ResolvedImage} from './plan.ts';

export function inventedImage(reference: string, platform: Platform): ResolvedImage {
  const layer = digestOf(reference) as unknown as DiffId;
  const config: ImageConfig = {
    os: platform.os,
    architecture: platform.architecture,
    config: {Env: [`PATH=${defaultPath}`]},
    rootfs: {type: 'layers', diff_ids: [layer]},
  };
  return {reference, manifestDigest: digestOf(reference), platform, config};
}
