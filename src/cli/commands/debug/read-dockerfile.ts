// A Dockerfile that `debug parse` and `debug print` are given: a path, or - for standard input.

import {readFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import {type SourceFile, sourceFile} from '../../../diagnostics/source-file.ts';
import {errorText} from '../../../util/error-text.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import {type CliIo, readAll} from '../../io.ts';

/** The file, or the exit code when it cannot be had, which has been said then. */
export async function readDockerfile(path: string, io: CliIo): Promise<SourceFile | ExitCode> {
  try {
    const bytes = path === '-' ? await readAll(io.stdin) : await readFile(resolve(io.cwd, path));
    return sourceFile(path, Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    io.stderr.write(`read ${path}: ${errorText(error)}\n`);
    return exitCodes.failed;
  }
}

export function usage(words: string, io: CliIo): ExitCode {
  io.stderr.write(`usage: tsbuild debug ${words}\n`);
  return exitCodes.usage;
}
