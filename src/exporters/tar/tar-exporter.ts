// type=tar: the final file system (of several platforms: each in a directory) as one tar, packed by the helper, which
// knows devices, xattrs and big ids.

import {viewArguments} from '../../helper/helper.ts';
import {epochSecondsOf} from '../archive-members.ts';
import {attestationPrefixOf, prefixOption, withAttestationFiles} from '../attestation-files.ts';
import {ExportOptions} from '../export-options.ts';
import type {Exporter, ExporterFactory} from '../exporter.ts';
import {checkOutput, makeOutput} from '../output-file.ts';
import {fileSystemsOf, splitOption} from '../platform-split.ts';

const known = {dest: 'file; - is standard output', ...splitOption, ...prefixOption} as const;

export const tarExporter: ExporterFactory = {
  type: 'tar',
  options: known,
  create(given): Exporter {
    const options = new ExportOptions('tar', given, known);
    options.boolean('platform-split', false);
    const prefix = attestationPrefixOf(options);
    const dest = options.required('dest', 'FILE');
    return {
      name: 'exporting to client tarball',
      prepare: (context) => checkOutput(dest, context),
      async export(built, context) {
        const systems = await fileSystemsOf(built, options, context);
        const helper = await context.helper();
        const naming = {prefix, isList: built.isList};
        await withAttestationFiles(systems, naming, context, async (attested) => {
          const parts = systems.flatMap(({view, directory}, at) => {
            const dir = attested[at];
            return [{view, directory}, ...(dir === undefined ? [] : [{view: {dir}, directory}])];
          });
          await makeOutput(dest, context, async (path) => {
            const views = parts.flatMap(({view, directory}, index) => [
              `view=${index}`,
              ...viewArguments(view),
              ...(directory === '' ? [] : [`prefix=${directory}`]),
            ]);
            const epoch = `epoch=${epochSecondsOf(built)}`;
            const args = [...views, epoch, 'flatten=1', `out=${path}`, 'compress=none'];
            await helper.request('pack', args, {signal: context.signal});
          });
        });
        return {};
      },
    };
  },
};
