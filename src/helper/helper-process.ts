// The helper as a process of ours: started once, spoken to in frames, many requests at a time. When we die it sees the
// end of its standard input and takes its sandboxes with it.

import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Readable, Writable} from 'node:stream';
import {buildError} from '../diagnostics/build-error.ts';
import {encodePathText} from '../util/path-text.ts';
import {decodeFields, encodeFrame, type Frame, FrameDecoder, frameTypes, payloadBytesMax} from './frames.ts';
import {type Helper, HelperError, type HelperRequestOptions, type HelperVerb} from './helper.ts';

export interface HelperProcessOptions {
  readonly path: string;
  /** How long a cancelled process has between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
}

interface Running {
  readonly options: HelperRequestOptions;
  resolve(fields: ReadonlyMap<string, string>): void;
  reject(error: unknown): void;
}

const defaultGraceMs = 2000;
const sigterm = 15;
const sigkill = 9;

export class HelperProcess implements Helper {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #graceMs: number;
  readonly #running = new Map<number, Running>();
  readonly #exited: Promise<unknown>;
  #nextId = 1;
  #lastWords = '';
  #ended: Error | undefined;

  constructor(options: HelperProcessOptions) {
    this.#graceMs = options.graceMs ?? defaultGraceMs;
    // In a process group of its own: Ctrl-C in the terminal is ours to handle, step by step.
    this.#child = spawn(options.path, ['serve'], {stdio: ['pipe', 'pipe', 'pipe'], detached: true});
    const decoder = new FrameDecoder();
    this.#child.stdout.on('data', (bytes: Buffer) => {
      for (const frame of decoder.push(bytes)) this.#receive(frame);
    });
    this.#child.stderr.on('data', (bytes: Buffer) => {
      this.#lastWords = (this.#lastWords + bytes.toString()).slice(-4096);
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => this.#end(`start ${options.path}: ${error.message}`));
    this.#exited = once(this.#child, 'close').then(
      ([code, signal]) => this.#end(`the helper ended (${signal ?? `exit ${code}`})`),
      () => {},
    );
  }

  request(
    verb: HelperVerb,
    args: readonly string[],
    options: HelperRequestOptions = {},
  ): Promise<ReadonlyMap<string, string>> {
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    // An argument ends at its NUL: what comes after it would be read as another one, a bind of the host for instance.
    if (args.some((text) => text.includes('\0'))) {
      return Promise.reject(buildError('user', 'helper-nul', `a NUL character in what is given to ${verb}`));
    }
    const payload = Buffer.concat([verb, ...args].flatMap((text) => [encodePathText(text), nul]));
    if (payload.length > payloadBytesMax) {
      return Promise.reject(
        buildError('environment', 'helper-request-too-large', `a ${verb} of more than 16 MiB`),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const stopListening = this.#cancelOnAbort(id, options.signal);
      this.#running.set(id, {
        options,
        resolve: (fields) => {
          stopListening();
          resolve(fields);
        },
        reject: (error) => {
          stopListening();
          reject(options.signal?.aborted === true ? options.signal.reason : error);
        },
      });
      this.#child.stdin.write(encodeFrame(id, frameTypes.request, payload));
    });
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }

  /** SIGTERM at once, SIGKILL after the grace time; the request ends when the worker has. */
  #cancelOnAbort(id: number, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    let timer: NodeJS.Timeout | undefined;
    const cancel = (number: number): void => {
      this.#child.stdin.write(encodeFrame(id, frameTypes.cancel, Buffer.from(String(number))));
    };
    const onAbort = (): void => {
      cancel(sigterm);
      timer = setTimeout(() => cancel(sigkill), this.#graceMs);
    };
    signal.addEventListener('abort', onAbort, {once: true});
    return () => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  #receive({id, type, payload}: Frame): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    const {options} = running;
    switch (type) {
      case frameTypes.stdout:
        options.onStdout?.(payload);
        return;
      case frameTypes.stderr:
        options.onStderr?.(payload);
        return;
      case frameTypes.data:
        options.onData?.(payload);
        return;
      case frameTypes.result:
        this.#running.delete(id);
        if (options.signal?.aborted === true) running.reject(options.signal.reason);
        else running.resolve(decodeFields(payload));
        return;
      case frameTypes.error: {
        this.#running.delete(id);
        const fields = decodeFields(payload);
        const text = (name: string): string => fields.get(name) ?? '';
        running.reject(new HelperError(text('phase'), Number(text('errno')), text('path'), text('message')));
        return;
      }
    }
  }

  #end(message: string): void {
    const notes = this.#lastWords === '' ? [] : this.#lastWords.trimEnd().split('\n');
    this.#ended ??= buildError('environment', 'helper-ended', message, {notes});
    for (const running of this.#running.values()) running.reject(this.#ended);
    this.#running.clear();
  }
}

const nul = Buffer.from([0]);
