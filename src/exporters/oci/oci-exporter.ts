// type=oci: an OCI image layout, in a tar or (tar=false) in a directory.

import {ociDialect} from '../../oci/media-types.ts';
import {checkAnnotations} from '../annotations.ts';
import {epochSecondsOf, layoutMembers} from '../archive-members.ts';
import {writeArchiveOutput} from '../archive-output.ts';
import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {hasUsualLayers, imageFormOf, imageOptions, referrerOptions} from '../image-options.ts';
import {exportResult, makeLayout} from '../layout.ts';
import {writeLayoutDirectory} from '../layout-directory.ts';
import {checkOutput} from '../output-file.ts';

const known = {
  ...imageOptions,
  ...referrerOptions,
  dest: 'file, or directory with tar=false; - is standard output',
  tar: 'true, or false for a directory',
} as const;

export const ociExporter: ExporterFactory = {
  type: 'oci',
  options: known,
  create(given, tags): Exporter {
    const options = new ExportOptions('oci', given, known);
    const asTar = options.boolean('tar', true);
    const dest = options.required('dest', asTar ? 'FILE' : 'DIR');
    if (dest === '-' && !asTar) throw options.problem('cannot write a directory to standard output');
    const form = imageFormOf(options, tags, ociDialect);
    return {
      name: 'exporting to oci image format',
      wantsUsualLayers: hasUsualLayers(form),
      prepare: async (context) => {
        checkAnnotations(form.annotations, context, options);
        if (asTar) await checkOutput(dest, context, 'use tar=false for a layout in a directory');
      },
      async export(built, context) {
        const layout = await makeLayout(built, context, form);
        if (asTar) {
          const members = await layoutMembers(layout, context.blobs);
          await writeArchiveOutput(dest, {members, epochSeconds: epochSecondsOf(built)}, context);
        } else {
          await writeLayoutDirectory(dest, layout, context);
        }
        return exportResult(layout);
      },
    };
  },
};
