// type=tar: the final file system as one tar, packed by the helper, which knows devices, xattrs and big ids.

import {viewArguments} from '../../helper/helper.ts';
import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {checkOutput, makeOutput} from '../output-file.ts';

const known = {dest: 'file; - is standard output'} as const;

export const tarExporter: ExporterFactory = {
  type: 'tar',
  options: known,
  create(given): Exporter {
    const options = new ExportOptions('tar', given, known);
    const dest = options.required('dest', 'FILE');
    return {
      name: 'exporting to client tarball',
      prepare: (context) => checkOutput(dest, context),
      async export(image, context) {
        const view = await image.rootView(context.signal);
        const helper = await context.helper();
        await makeOutput(dest, context, async (path) => {
          const args = [...viewArguments(view), 'flatten=1', `out=${path}`, 'compress=none'];
          await helper.request('pack', args, {signal: context.signal});
        });
        return {};
      },
    };
  },
};
