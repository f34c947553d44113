// type=registry, which is also --push: the image goes to the registries of its names, and not into the local store.

import {imageOutputFactory} from '../image-output.ts';

export const registryExporter = imageOutputFactory('registry', {push: true, store: false});
