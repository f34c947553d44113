// The syntactic half of the shelf: one reader per keyword, and the parser put together with all of them.

import type {SourceFile} from '../diagnostics/source-file.ts';
import type {InstructionReader} from '../dockerfile/instruction-reader.ts';
import {
  type Analysis,
  analyzeDockerfile,
  type ParseResult,
  parseDockerfile,
  parseInstructionText as parseInstructionTextWith,
} from '../dockerfile/parse.ts';
import {addReader} from './add/read.ts';
import {argReader} from './arg/read.ts';
import {cmdReader} from './cmd/read.ts';
import {copyReader} from './copy/read.ts';
import {entrypointReader} from './entrypoint/read.ts';
import {envReader} from './env/read.ts';
import {exposeReader} from './expose/read.ts';
import {fromReader} from './from/read.ts';
import {healthcheckReader} from './healthcheck/read.ts';
import {labelReader} from './label/read.ts';
import {maintainerReader} from './maintainer/read.ts';
import {onBuildReader} from './onbuild/read.ts';
import {runReader} from './run/read.ts';
import {shellReader} from './shell/read.ts';
import {stopSignalReader} from './stopsignal/read.ts';
import {userReader} from './user/read.ts';
import {volumeReader} from './volume/read.ts';
import {workdirReader} from './workdir/read.ts';

export const readers: readonly InstructionReader[] = [
  addReader,
  argReader,
  cmdReader,
  copyReader,
  entrypointReader,
  envReader,
  exposeReader,
  fromReader,
  healthcheckReader,
  labelReader,
  maintainerReader,
  onBuildReader,
  runReader,
  shellReader,
  stopSignalReader,
  userReader,
  volumeReader,
  workdirReader,
];

const options = {readers};

/** A Dockerfile with all instructions we know. */
export function parseWithReaders(file: SourceFile): ParseResult {
  return parseDockerfile(file, options);
}

/** The same, with what lies between text and instructions. */
export function analyzeWithReaders(file: SourceFile): Analysis {
  return analyzeDockerfile(file, options);
}

/** One instruction from its text, as ONBUILD keeps it. */
export function parseInstructionText(text: string): ReturnType<typeof parseInstructionTextWith> {
  return parseInstructionTextWith(text, options);
}
