// type=docker: an archive for `docker load` and `podman load`. It is an OCI layout that also has docker's
// manifest.json, so both old and new readers find what they look for. Without `dest` the image goes to the local
// store, as with --load.

import {dockerDialect, ociDialect} from '../../oci/media-types.ts';
import {formatPlatform} from '../../oci/platform.ts';
import {checkAnnotations} from '../annotations.ts';
import {epochSecondsOf, layoutMembers} from '../archive-members.ts';
import {dockerManifest} from '../docker-manifest.ts';
import {ExportOptions} from '../export-options.ts';
import type {BuiltImages, Exporter, ExporterFactory} from '../exporter.ts';
import {imageFormOf, imageOptions} from '../image-options.ts';
import {exportResult, makeLayout} from '../layout.ts';
import {checkOutput, writeOutput} from '../output-file.ts';
import {storeExporter} from '../store-exporter.ts';

const known = {
  ...imageOptions,
  dest: 'file; - is standard output; without it the local image store',
} as const;

export const dockerExporter: ExporterFactory = {
  type: 'docker',
  options: known,
  create(given, tags): Exporter {
    const options = new ExportOptions('docker', given, known);
    const dest = options.text('dest');
    if (dest === undefined || dest === '') {
      const form = imageFormOf(options, tags, ociDialect);
      return {
        ...storeExporter(form),
        prepare: async (surroundings) => checkAnnotations(form.annotations, surroundings, options),
      };
    }
    // podman reads the archive as an OCI layout and keeps HEALTHCHECK only of an image in docker's own terms.
    const form = imageFormOf(options, tags, dockerDialect);
    return {
      name: 'exporting to docker image format',
      async prepare(surroundings) {
        const {platforms} = surroundings;
        if (platforms.length > 1) {
          throw options.problem(
            `holds an image for one platform, and this build is for ${platforms.map(formatPlatform).join(', ')}`,
            'type=oci holds several; without dest= they go to the local image store',
          );
        }
        checkAnnotations(form.annotations, {platforms, hasIndex: false}, options);
        await checkOutput(dest, surroundings);
      },
      async export({images}, context) {
        // docker's archive has no place for attestations, nor for the index that would list them.
        const [{attestations: told, ...image}] = images;
        if (told !== undefined) context.note('attestations are left out: a docker archive cannot hold them');
        const built: BuiltImages = {images: [image], isList: false};
        const layout = await makeLayout(built, context, form);
        const members = await layoutMembers(layout, context.blobs);
        const [{configDigest, manifest}] = layout.images;
        const archived = {configDigest, layers: manifest.layers, names: form.names};
        members.push({name: 'manifest.json', type: 'bytes', bytes: dockerManifest([archived])});
        const epochSeconds = epochSecondsOf(built);
        const {writeArchive} = await import('../tar-archive.ts');
        await writeOutput(dest, context, (write) =>
          writeArchive(members, write, {epochSeconds, signal: context.signal}),
        );
        return exportResult(layout);
      },
    };
  },
};
