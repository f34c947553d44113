// type=image: config and manifest go into the store beside the layers, and the names point to them; with push=true to
// the registries of the names as well.

import {imageOutputFactory} from '../image-output.ts';

export const imageExporter = imageOutputFactory('image', {push: false, store: true});
