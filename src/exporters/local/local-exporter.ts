// type=local: the final file system's files in a directory of the user's. What is there and not in the image stays,
// unless mode=delete asks for nothing but the result. Files belong to whoever runs tsbuild: 0:0 as the helper sees it,
// which in its user namespace is the caller.

import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {viewArguments} from '../../helper/helper.ts';
import {makeDirectories} from '../../store/make-directories.ts';
import {
  type AttestationFile,
  attestationFiles,
  attestationPrefixOf,
  prefixOption,
  writeAttestationFiles,
} from '../attestation-files.ts';
import {ExportOptions} from '../export-options.ts';
import type {ExportContext, Exporter, ExporterFactory} from '../exporter.ts';
import {asOutputError} from '../output-file.ts';
import {type FileSystem, fileSystemsOf, splitOption} from '../platform-split.ts';
import {checkMayClear, clearDirectory} from './clear-directory.ts';

const known = {
  dest: 'directory; made when it is not there',
  mode: 'copy (default), or delete: what is there and not in the result is removed',
  ...splitOption,
  ...prefixOption,
} as const;

export const localExporter: ExporterFactory = {
  type: 'local',
  options: known,
  create(given): Exporter {
    const options = new ExportOptions('local', given, known);
    const clears = options.choice('mode', ['copy', 'delete']) === 'delete';
    options.boolean('platform-split', false);
    const prefix = attestationPrefixOf(options);
    const dest = options.required('dest', 'DIR');
    if (dest === '-')
      throw options.problem('cannot write a directory to standard output', 'did you mean type=tar?');
    return {
      name: 'exporting to client directory',
      prepare: async (surroundings) => {
        if (clears) checkMayClear(dest, surroundings, options);
      },
      async export(built, context) {
        const place = resolve(context.workingDirectory, dest);
        const systems = await fileSystemsOf(built, options, context);
        const attested: (readonly AttestationFile[])[] = [];
        for (const system of systems) {
          attested.push(await attestationFiles(system, {prefix, isList: built.isList}, context));
        }
        if (clears && existsSync(place)) {
          const kept = attested.flatMap((files, at) =>
            files.map(({name}) => join(systems[at]?.directory ?? '', name)),
          );
          await clearDirectory(place, systems, kept, context);
        }
        for (const [at, system] of systems.entries()) {
          const directory = join(place, system.directory);
          try {
            makeDirectories(directory);
            await copyFiles(system, directory, built.images.length > 1, context);
            writeAttestationFiles(directory, attested[at] ?? [], system.image.epochSeconds);
          } catch (error) {
            throw asOutputError(error, dest);
          }
        }
        return {};
      },
    };
  },
};

async function copyFiles(
  {view, platform}: FileSystem,
  directory: string,
  isOneOfSeveral: boolean,
  context: ExportContext,
): Promise<void> {
  const what = isOneOfSeveral ? ` ${platform}` : '';
  const helper = await context.helper();
  context.note(`copying files${what}`);
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
  context.note(`copied ${result.get('count') ?? '0'} files, ${result.get('bytes') ?? '0'} bytes${what}`);
}
