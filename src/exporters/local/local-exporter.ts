// type=local: the final file system's files in a directory of the user's. What is there and not in the image stays.
// Files belong to whoever runs tsbuild: 0:0 as the helper sees it, which in its user namespace is the caller.

import {resolve} from 'node:path';
import {viewArguments} from '../../helper/helper.ts';
import {makeDirectories} from '../../store/make-directories.ts';
import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {asOutputError} from '../output-file.ts';

const known = {
  dest: 'directory; made when it is not there',
  mode: 'copy',
  'platform-split': 'false',
} as const;

export const localExporter: ExporterFactory = {
  type: 'local',
  options: known,
  create(given): Exporter {
    const options = new ExportOptions('local', given, known);
    options.only('mode', ['copy'], 'nothing is ever deleted from the directory');
    options.only('platform-split', ['false', '0'], 'there is one platform');
    const dest = options.required('dest', 'DIR');
    if (dest === '-')
      throw options.problem('cannot write a directory to standard output', 'did you mean type=tar?');
    return {
      name: 'exporting to client directory',
      async export(image, context) {
        const view = await image.rootView(context.signal);
        const helper = await context.helper();
        const directory = resolve(context.workingDirectory, dest);
        try {
          makeDirectories(directory);
        } catch (error) {
          throw asOutputError(error, dest);
        }
        context.note('copying files');
        const result = await helper.request(
          'copy',
          [
            `upper=${directory}`,
            'view=0',
            ...viewArguments(view),
            'action=copy',
            'view=0',
            'source=.',
            'destination=/',
            'owner=0:0',
          ],
          {signal: context.signal},
        );
        context.note(`copied ${result.get('count') ?? '0'} files, ${result.get('bytes') ?? '0'} bytes`);
        return {};
      },
    };
  },
};
