// `tsbuild debug layout DIR`: checks an OCI image layout in a directory, whoever wrote it.

import {createReadStream, readdirSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import {type LayoutFiles, validateLayout} from '../../../oci/validate.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {CliIo} from '../../io.ts';

const pieceBytes = 1024 * 1024;

export async function runDebugLayout(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const [directory] = argv;
  if (directory === undefined || argv.length > 1) {
    throw buildError('usage', 'cli-operands', 'debug layout needs exactly one DIR');
  }
  const problems = await validateLayout(layoutFiles(resolve(io.cwd, directory)));
  io.stdout.write(problems.length === 0 ? 'ok\n' : problems.map((problem) => `${problem}\n`).join(''));
  return problems.length === 0 ? exitCodes.ok : exitCodes.failed;
}

export function layoutFiles(directory: string): LayoutFiles {
  return {
    async open(path) {
      const file = join(directory, path);
      const isFile = statSync(file, {throwIfNoEntry: false})?.isFile() === true;
      return isFile ? createReadStream(file, {highWaterMark: pieceBytes}) : undefined;
    },
    async list(path) {
      const found = statSync(join(directory, path), {throwIfNoEntry: false})?.isDirectory() === true;
      return found ? readdirSync(join(directory, path)).toSorted() : [];
    },
  };
}
