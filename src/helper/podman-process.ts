// podman's command, for images that are loaded into its store. Here because processes are started in this room only.

import {spawn} from 'node:child_process';
import {buildError} from '../diagnostics/build-error.ts';
import {written} from './child-input.ts';

export interface PodmanRun {
  /** Its path. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  /** Writes what podman reads; resolves when the next piece may come. */
  readonly input?: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface PodmanEnd {
  readonly code: number | null;
  readonly stdout: string;
  /** What it wrote to standard error, its end. */
  readonly said: string;
}

const saidLengthMax = 64 * 1024;
const stdoutLengthMax = 64 * 1024 * 1024;

/** Runs it to its end. Throws what `input` throws, unless podman itself failed. */
export async function runPodman({program, environment, args, input, signal}: PodmanRun): Promise<PodmanEnd> {
  signal.throwIfAborted();
  const child = spawn(program, [...args], {
    env: {...environment} as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, {once: true});
  let stdout = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.length > stdoutLengthMax) child.kill();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-saidLengthMax);
  });
  // One that does not read to the end is judged by how it ends.
  child.stdin.on('error', () => undefined);
  const ending = new Promise<PodmanEnd>((resolve, reject) => {
    child.on('error', (cause) => {
      reject(
        buildError('environment', 'podman-not-started', `cannot start podman: ${cause.message}`, {cause}),
      );
    });
    child.on('close', (code) => resolve({code, stdout, said}));
  });
  try {
    const feeding = (input?.((chunk) => written(child.stdin, chunk)) ?? Promise.resolve()).then(
      () => void child.stdin.end(),
      (error: unknown) => {
        // EPIPE: it has ended, or is about to, and says why.
        if ((error as {code?: unknown} | null)?.code !== 'EPIPE') child.kill();
        return error ?? new Error('not written');
      },
    );
    const [end, fault] = await Promise.all([ending, feeding]);
    signal.throwIfAborted();
    if (fault !== undefined && end.code === null) throw fault;
    return end;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
