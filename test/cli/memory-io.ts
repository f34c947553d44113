// A CliIo in memory.

import {Writable} from 'node:stream';
import type {CliIo, CliOutput} from '../../src/cli/io.ts';

export interface MemoryIo extends CliIo {
  out(): string;
  err(): string;
}

export interface MemoryIoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  readonly stdoutIsTty?: boolean;
  readonly stderrIsTty?: boolean;
}

export function memoryIo(options: MemoryIoOptions = {}): MemoryIo {
  const stdout = memoryOutput(options.stdoutIsTty ?? false);
  const stderr = memoryOutput(options.stderrIsTty ?? false);
  return {
    stdin: (async function* () {
      yield Buffer.from(options.stdin ?? '');
    })(),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    out: stdout.text,
    err: stderr.text,
  };
}

function memoryOutput(isTTY: boolean): {stream: CliOutput; text: () => string} {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return {
    stream: Object.assign(stream, {isTTY, columns: 80, rows: 24}),
    text: () => Buffer.concat(chunks).toString(),
  };
}
