// The client's view of the native helper (docs/formats/helper-protocol.md). One Helper is one long-lived process;
// requests run side by side.

import {encodePathText} from '../util/path-text.ts';

export interface HelperRequestOptions {
  readonly signal?: AbortSignal;
  /** What a process writes, in memory that is used again when the function has returned. */
  readonly onStdout?: (bytes: Uint8Array) => void;
  readonly onStderr?: (bytes: Uint8Array) => void;
  readonly onData?: (bytes: Uint8Array) => void;
  /** Gets what a request gave that was cancelled, and so fails: its process took the signal, and has ended. */
  readonly onCancelled?: (fields: ReadonlyMap<string, string>) => void;
  /** Gets a way to send signals to what the request runs, by number. */
  readonly onStart?: (signal: (number: number) => void) => void;
}

export type HelperVerb =
  | 'scan'
  | 'digest'
  | 'copy'
  | 'run'
  | 'network'
  | 'pack'
  | 'compress'
  | 'unpack'
  | 'adopt'
  | 'remove'
  | 'sync'
  | 'probe';

export interface Helper {
  /**
   * Does one request and gives its result fields. Throws HelperError when the helper reports an error, the signal's
   * reason when it was aborted (after the worker has ended), BuildError('environment') when the helper cannot run.
   */
  request(
    verb: HelperVerb,
    args: readonly string[],
    options?: HelperRequestOptions,
  ): Promise<ReadonlyMap<string, string>>;
  /** Ends the process and waits for it. */
  close(): Promise<void>;
}

/** A failure the helper reported: which phase, which errno, on which path. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
  readonly phase: string;
  /** Positive errno, 0 when the failure has none. */
  readonly errno: number;
  readonly path: string;

  constructor(phase: string, errno: number, path: string, message: string) {
    super(message);
    this.phase = phase;
    this.errno = errno;
    this.path = path;
  }
}

/** A tree that a request reads: a plain directory, or layer directories, topmost first (none: empty). */
export type View = {readonly dir: string} | {readonly layers: readonly string[]};

/** `dir=…`, or `layer=…` for each layer. */
export function viewArguments(view: View): string[] {
  return 'dir' in view ? [`dir=${view.dir}`] : view.layers.map((layer) => `layer=${layer}`);
}

/** The payload of a request frame. No argument may have a NUL. */
export function encodeRequest(verb: HelperVerb, args: readonly string[]): Buffer {
  return encodePathText(`${[verb, ...args].join('\0')}\0`);
}
