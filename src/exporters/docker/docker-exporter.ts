// type=docker: an archive for `docker load` and `podman load`, or (tar=false) an OCI layout in a directory, in docker's
// media types; without `dest` the image goes into one of them itself.

import {dockerDialect} from '../../oci/media-types.ts';
import {formatPlatform} from '../../oci/platform.ts';
import {checkAnnotations} from '../annotations.ts';
import {epochSecondsOf} from '../archive-members.ts';
import {writeArchiveOutput} from '../archive-output.ts';
import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {hasUsualLayers, imageFormOf, imageOptions} from '../image-options.ts';
import {exportResult, makeLayout} from '../layout.ts';
import {writeLayoutDirectory} from '../layout-directory.ts';
import {checkOutput} from '../output-file.ts';
import {daemonExporter} from './daemon-exporter.ts';
import {dockerMembers, warnOfZstd, withoutAttestations} from './docker-members.ts';

const known = {
  ...imageOptions,
  dest: 'file, or directory with tar=false; - is standard output; without it the docker or podman of this machine, and the local store',
  tar: 'true, or false for a directory',
  context: 'without dest: the docker context that is meant',
} as const;

export const dockerExporter: ExporterFactory = {
  type: 'docker',
  options: known,
  create(given, tags): Exporter {
    const options = new ExportOptions('docker', given, known);
    const asTar = options.boolean('tar', true);
    const dest = asTar ? options.text('dest') : options.required('dest', 'DIR');
    if (dest === '-' && !asTar) throw options.problem('cannot write a directory to standard output');
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
        if (asTar) await checkOutput(dest, surroundings, 'use tar=false for a layout in a directory');
      },
      async export(all, context) {
        const built = withoutAttestations(all, context);
        const layout = await makeLayout(built, context, form);
        if (!asTar) {
          await writeLayoutDirectory(dest, layout, context);
          return exportResult(layout);
        }
        warnOfZstd(layout, context);
        const members = await dockerMembers(layout, form.names, context.blobs);
        await writeArchiveOutput(dest, {members, epochSeconds: epochSecondsOf(built)}, context);
        return exportResult(layout);
      },
    };
  },
};
