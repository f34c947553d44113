// `tsbuild debug print FILE`: a Dockerfile as it was understood, an instruction a line. What a continuation, a comment
// in the middle or a quote really did can be seen at once.

import {BuildError} from '../../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {printDockerfile} from '../../../dockerfile/print.ts';
import {analyzeWithReaders} from '../../../instructions/readers.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {CliIo} from '../../io.ts';
import {readDockerfile, usage} from './read-dockerfile.ts';

/** Throws BuildError('user') with all mistakes of the file. */
export async function runDebugPrint(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const [path, ...rest] = argv;
  if (path === undefined || rest.length > 0) return usage('print FILE', io);
  const file = await readDockerfile(path, io);
  if (typeof file === 'number') return file;
  const {dockerfile, statements, diagnostics} = analyzeWithReaders(file);
  if (dockerfile === undefined) throw new BuildError('user', diagnostics as [Diagnostic, ...Diagnostic[]]);
  const read = statements.slots.flatMap(({statement}) => statement ?? []);
  io.stdout.write(printDockerfile(read, dockerfile));
  return exitCodes.ok;
}
