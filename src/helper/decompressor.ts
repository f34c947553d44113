// Streams in formats that Node does not know, read by the programs of the machine that do, as docker has it. The end of
// a program's output counts only when the program says that all was well. Here because processes are started in this
// room only.

import {spawn} from 'node:child_process';
import {buildError} from '../diagnostics/build-error.ts';
import {written} from './child-input.ts';
import {findProgram} from './find-program.ts';

/** The packages that have the programs. */
const packages = {bzip2: 'bzip2', xz: 'xz-utils'} as const;
export type DecompressorName = keyof typeof packages;

/** The usual places only, as for the helper: PATH is the user's, and we may be root. */
const usualFolders = [
  '/usr/bin',
  '/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/run/current-system/sw/bin',
];

/** What `name -dc` makes of `source`. Throws BuildError where there is no such program, or where it fails. */
export async function* decompressedBy(
  name: DecompressorName,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  folders: readonly string[] = usualFolders,
): AsyncGenerator<Uint8Array> {
  const program = await findProgram(name, {PATH: folders.join(':')});
  if (program === undefined) throw notInstalled(name);
  const child = spawn(program, ['-dc'], {env: {LC_ALL: 'C'}, signal, stdio: ['pipe', 'pipe', 'ignore']});
  const ending = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  // One that does not read to the end is judged by how it ends.
  child.stdin.on('error', () => undefined);
  let fault: unknown;
  const feeding = (async () => {
    try {
      for await (const piece of source) {
        const isTaken = await written(child.stdin, piece).then(
          () => true,
          () => false,
        );
        if (!isTaken) return;
      }
      child.stdin.end();
    } catch (error) {
      fault = error;
      child.kill();
    }
  })();
  try {
    for await (const piece of child.stdout) yield piece as Uint8Array;
    const code = await ending;
    signal.throwIfAborted();
    if (code !== 0 && fault === undefined) {
      throw buildError(
        'user',
        'archive-damaged',
        `the archive is no valid ${name} stream, or ends too early`,
      );
    }
    await feeding;
    if (fault !== undefined) throw fault;
  } finally {
    child.kill();
  }
}

function notInstalled(name: DecompressorName): Error {
  const message = `the archive is compressed with ${name}, which is not installed`;
  return buildError('environment', 'archive-no-program', message, {
    hints: [`install the package ${packages[name]}, or unpack the archive first`],
  });
}
