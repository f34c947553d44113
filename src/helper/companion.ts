// The helper that was begun before Node was: `tsbuild-helper start` (native/start.c) has left a channel and a file with
// its last words, as descriptors whose numbers are in the environment. There is at most one, and it is taken once.

import {fstatSync, readSync} from 'node:fs';
import {type ConnectOpts, Socket, type SocketConstructorOpts} from 'node:net';
import {lastWordsMax, type StartedHelper} from './started-helper.ts';

const variable = 'TSBUILD_HELPER_STARTED';
/** Read at once. */
const readBytes = 256 * 1024;

export interface Companion {
  /** Descriptors. */
  readonly channel: number;
  readonly words: number;
  /** SHA-256 in hex of who called for what, where, and with which environment. */
  readonly call: string;
}

let companion: Companion | undefined;
let call: string | undefined;

/** The one that the environment tells of. */
export function companionIn(
  environment: Readonly<Record<string, string | undefined>>,
): Companion | undefined {
  const told = /^(\d+):(\d+):sha256:([0-9a-f]{64})$/.exec(environment[variable] ?? '');
  if (told === null) return undefined;
  const [, channel, words, digest = ''] = told;
  return {channel: Number(channel), words: Number(words), call: digest};
}

/** Takes the news of it out of the environment: nobody who inherits that shall look for it. */
export function noticeCompanion(environment: Record<string, string | undefined>): void {
  companion = companionIn(environment);
  call = companion?.call;
  delete environment[variable];
}

/** What this process was called with, as `Companion` has it; undefined when nobody told. */
export function calledWith(): string | undefined {
  return call;
}

/** Undefined: there is none, or somebody has it. */
export function takeCompanion(): (() => StartedHelper) | undefined {
  if (companion === undefined) return undefined;
  const {channel, words} = companion;
  companion = undefined;
  return () => {
    const socket = openSocket(channel);
    const end = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    return {
      requests: socket,
      answers: socket,
      end: end.then(() => ({message: 'the helper ended', lastWords: textOf(words)})),
    };
  };
}

/**
 * What comes is read into the same memory again and again: new memory for each piece is what output of steps would cost
 * most. A `data` event's bytes hold until its listeners have returned.
 */
function openSocket(channel: number): Socket {
  const options: SocketConstructorOpts & ConnectOpts = {
    fd: channel,
    readable: true,
    writable: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(readBytes),
      callback(length, {buffer}) {
        socket.emit('data', Buffer.from(buffer, 0, length));
        return true;
      },
    },
  };
  const socket = new Socket(options);
  return socket;
}

function textOf(file: number): string {
  const bytes = Buffer.alloc(lastWordsMax);
  const start = Math.max(0, fstatSync(file).size - bytes.length);
  return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start));
}
