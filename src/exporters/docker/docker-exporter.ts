// type=docker: an archive for `docker load` and `podman load`; without `dest` the image goes into one of them itself.

import {dockerDialect} from '../../oci/media-types.ts';
import {formatPlatform} from '../../oci/platform.ts';
import {checkAnnotations} from '../annotations.ts';
import {epochSecondsOf} from '../archive-members.ts';
import {writeArchiveOutput} from '../archive-output.ts';
import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {hasUsualLayers, imageFormOf, imageOptions} from '../image-options.ts';
import {exportResult, makeLayout} from '../layout.ts';
import {checkOutput} from '../output-file.ts';
import {daemonExporter} from './daemon-exporter.ts';
import {dockerMembers, warnOfZstd, withoutAttestations} from './docker-members.ts';

const known = {
  ...imageOptions,
  dest: 'file; - is standard output; without it the docker or podman of this machine, and the local store',
  context: 'without dest: the docker context that is meant',
} as const;

export const dockerExporter: ExporterFactory = {
  type: 'docker',
  options: known,
  create(given, tags): Exporter {
    const options = new ExportOptions('docker', given, known);
    const dest = options.text('dest');
    // podman reads the archive as an OCI layout and keeps HEALTHCHECK only of an image in docker's own terms.
    const form = imageFormOf(options, tags, dockerDialect);
    if (dest === undefined || dest === '') {
      return daemonExporter(options, form);
    }
    if (options.text('context')) throw options.problem('goes to dest or to a context, not to both');
    return {
      name: 'exporting to docker image format',
      wantsUsualLayers: hasUsualLayers(form),
      async prepare(surroundings) {
        const {platforms} = surroundings;
        if (platforms.length > 1) {
          throw options.problem(
            `holds an image for one platform, and this build is for ${platforms.map(formatPlatform).join(', ')}`,
            'type=oci holds several; type=image puts them into the local store',
          );
        }
        checkAnnotations(form.annotations, {platforms, hasIndex: false}, options);
        await checkOutput(dest, surroundings);
      },
      async export(all, context) {
        const built = withoutAttestations(all, context);
        const layout = await makeLayout(built, context, form);
        warnOfZstd(layout, context);
        const members = await dockerMembers(layout, form.names, context.blobs);
        await writeArchiveOutput(dest, {members, epochSeconds: epochSecondsOf(built)}, context);
        return exportResult(layout);
      },
    };
  },
};
