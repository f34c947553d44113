// The helper as a process of ours: started once, spoken to in frames, many requests at a time. When we die it sees the
// end of its standard input and takes its sandboxes with it.

import type {Readable, Writable} from 'node:stream';
import {buildError} from '../diagnostics/build-error.ts';
import {decodeFields, encodeFrame, type Frame, FrameDecoder, frameTypes, payloadBytesMax} from './frames.ts';
import {
  encodeRequest,
  type Helper,
  HelperError,
  type HelperRequestOptions,
  type HelperVerb,
} from './helper.ts';
import {spawnHelper} from './spawned-helper.ts';
import type {HelperEnd, StartedHelper} from './started-helper.ts';

export interface HelperProcessOptions {
  readonly path: string;
  /** How long a cancelled process has between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
  readonly room?: OutputRoom | undefined;
}

/** Of who shows what steps write. */
export interface OutputRoom {
  /**
   * A promise while there is more than can be passed on. Until it resolves nothing is read from the helper, which stops
   * the processes that write (native/serve/serve.c).
   */
  wait(): Promise<unknown> | undefined;
  /** From now on it is not asked any more: who shows it has to leave out what would collect. */
  release(): void;
  /** It is asked again. */
  hold(): void;
}

interface Running {
  readonly options: HelperRequestOptions;
  resolve(fields: ReadonlyMap<string, string>): void;
  reject(error: unknown): void;
}

/** As docker stop has it. */
const defaultGraceMs = 10_000;
const sigterm = 15;
const sigkill = 9;
const filterKey = 'seccomp=';

export class HelperProcess implements Helper {
  readonly #requests: Writable;
  readonly #answers: Readable;
  readonly #graceMs: number;
  #room: OutputRoom | undefined;
  /** Requests that were sent a signal: until they have ended, everything is read. */
  readonly #signalled = new Set<number>();
  #isRoomReleased = false;
  readonly #running = new Map<number, Running>();
  readonly #exited: Promise<unknown>;
  #nextId = 1;
  /** The one that the helper keeps. */
  #filter: string | undefined;
  #ended: Error | undefined;

  constructor(options: HelperProcessOptions, start: (path: string) => StartedHelper = spawnHelper) {
    this.#graceMs = options.graceMs ?? defaultGraceMs;
    const {requests, answers, end} = start(options.path);
    this.#requests = requests;
    this.#answers = answers;
    this.#room = options.room;
    const decoder = new FrameDecoder();
    answers.on('data', (bytes: Buffer) => {
      for (const frame of decoder.push(bytes)) this.#receive(frame);
      this.#waitForRoom();
    });
    requests.on('error', () => {});
    this.#exited = end.then((how) => this.#end(how));
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
    const texts = args.map((text) => (text.startsWith(filterKey) ? this.#keepFilter(text) : text));
    const payload = encodeRequest(verb, texts);
    if (payload.length > payloadBytesMax) {
      return Promise.reject(
        buildError('environment', 'helper-request-too-large', `a ${verb} of more than 16 MiB`),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const stopListening = this.#cancelOnAbort(id, options.signal);
      options.onStart?.((number) => this.#signal(id, number));
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
      this.#holdRoom();
      this.#requests.write(encodeFrame(id, frameTypes.request, payload));
    });
  }

  /** A filter of system calls is long and the same for all steps: the helper is told it once. */
  #keepFilter(argument: string): string {
    if (argument !== this.#filter) {
      const program = Buffer.from(argument.slice(filterKey.length), 'hex');
      this.#requests.write(encodeFrame(0, frameTypes.filter, program));
      this.#filter = argument;
    }
    return `${filterKey}kept`;
  }

  async close(): Promise<void> {
    this.#requests.end();
    // What was not read would keep its end from being seen.
    this.#room = undefined;
    this.#answers.resume();
    await this.#exited;
  }

  /** SIGTERM at once, SIGKILL after the grace time; the request ends when the worker has. */
  #cancelOnAbort(id: number, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      this.#isRoomReleased = true;
      this.#room?.release();
      this.#signal(id, sigterm);
      timer = setTimeout(() => this.#signal(id, sigkill), this.#graceMs);
    };
    signal.addEventListener('abort', onAbort, {once: true});
    return () => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  /**
   * Where the build ends, what cleans up behind it is answered on the same channel, whoever reads its output. Where
   * it was one request that ended, by its time limit say, those beside and after it are held back as before.
   */
  #holdRoom(): void {
    if (!this.#isRoomReleased || this.#signalled.size > 0) return;
    if (![...this.#running.values()].some(({options}) => options.onStdout !== undefined)) return;
    this.#isRoomReleased = false;
    this.#room?.hold();
  }

  #waitForRoom(): void {
    if (this.#signalled.size > 0 || this.#isRoomReleased) return;
    const room = this.#room?.wait();
    if (room === undefined) return;
    this.#answers.pause();
    void room.then(() => this.#answers.resume());
  }

  /** The helper takes a signal when it has got rid of what it is writing. */
  #signal(id: number, number: number): void {
    if (this.#running.has(id)) this.#signalled.add(id);
    this.#answers.resume();
    this.#requests.write(encodeFrame(id, frameTypes.cancel, Buffer.from(String(number))));
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
        this.#forget(id);
        if (options.signal?.aborted === true) {
          options.onCancelled?.(decodeFields(payload));
          running.reject(options.signal.reason);
        } else running.resolve(decodeFields(payload));
        return;
      case frameTypes.error: {
        this.#forget(id);
        const fields = decodeFields(payload);
        const text = (name: string): string => fields.get(name) ?? '';
        running.reject(new HelperError(text('phase'), Number(text('errno')), text('path'), text('message')));
        return;
      }
    }
  }

  #forget(id: number): void {
    this.#running.delete(id);
    this.#signalled.delete(id);
    this.#holdRoom();
  }

  #end({message, lastWords}: HelperEnd): void {
    const notes = lastWords === '' ? [] : lastWords.trimEnd().split('\n');
    this.#ended ??= buildError('environment', 'helper-ended', message, {notes});
    for (const running of this.#running.values()) running.reject(this.#ended);
    this.#running.clear();
  }
}
