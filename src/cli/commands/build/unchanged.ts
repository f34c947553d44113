// The first thing that a build does (bin/bundle/entry.cjs): when nothing has changed since a build that was called in
// the same way, what that one said is said again, and that is all. This file and what it imports are read before
// everything else, so they are few; nothing of them has touched anything when the answer is no.

import {fstatSync, writeSync} from 'node:fs';
import {sourceFile} from '../../../diagnostics/source-file.ts';
import {companionIn} from '../../../helper/companion.ts';
import {viewArguments} from '../../../helper/helper.ts';
import {requestAtOnce} from '../../../helper/request-at-once.ts';
import {keepRepeated} from '../../../history/repeated-build.ts';
import type {SinkName} from '../../../progress/sinks/index.ts';
import {stillHold} from '../../../unchanged/conditions.ts';
import {type Answer, type OpenNote, openNote} from '../../../unchanged/note.ts';
import {systemClock} from '../../../util/clock.ts';
import {exitCodes} from '../../exit-codes.ts';
import {stateRootFor} from '../../places.ts';
import {openSink, type ProgressOutput} from '../../progress.ts';
import {programName} from './program-name.ts';

const pipeWaitMs = 5;

/** Whether the build is answered; then the process ends by itself. */
export function answersUnchanged(): boolean {
  const startedMs = systemClock.nowMs();
  const [companion, program] = [companionIn(process.env), programName()];
  if (companion === undefined || program === undefined) return false;
  let opened: OpenNote | undefined;
  try {
    const root = stateRootFor(rootIn(process.argv), {env: process.env, cwd: process.cwd()});
    opened = openNote(root, companion.call, program);
    if (opened === undefined || !stillHold(opened.note.conditions, root, startedMs)) return false;
    if (!saysTheSame(opened, companion.channel)) return false;
  } catch {
    return false;
  } finally {
    opened?.close();
  }
  const {root, answer} = opened.note;
  say(answer).then((code) => {
    if (code === exitCodes.ok) keepRepeated(root, answer.record, startedMs, systemClock.nowMs());
    process.exit(code);
  });
  return true;
}

/** As --root gives it: where that is a value of another flag, there is no note for this command line. */
function rootIn(argv: readonly string[]): string | undefined {
  const index = argv.findLastIndex((argument) => /^--root(=|$)/.test(argument));
  return argv[index] === '--root' ? argv[index + 1] : argv[index]?.slice('--root='.length);
}

/** Whether walks say what they said. All is read of their answers: the channel is for others afterwards. */
function saysTheSame({note, next}: OpenNote, channel: number): boolean {
  return note.conditions.walks.every(({directory, args, bytes}) => {
    let left = bytes;
    let isSame = true;
    const compare = (piece: Buffer): void => {
      for (let at = 0; isSame && at < piece.length; ) {
        const known = next(Math.min(left, piece.length - at));
        isSame = known.length > 0 && known.equals(piece.subarray(at, at + known.length));
        at += known.length;
        left -= known.length;
      }
    };
    const asked = [...viewArguments({dir: directory}), ...args];
    return requestAtOnce(channel, 'scan', asked, compare) && isSame && left === 0;
  });
}

/** Gives the exit code. */
async function say({sink: name, events, file, stdout}: Answer): Promise<number> {
  const sink = await openSink(name as SinkName, {env: process.env, stderr: progressOutput()});
  const source = file && sourceFile(file.path, file.text);
  const atMs = systemClock.nowMs();
  for (const event of events) {
    const isPlaced = event.type === 'warning' && event.diagnostic.span !== undefined && source !== undefined;
    sink.emit(
      isPlaced ? {...event, diagnostic: {...event.diagnostic, file: source}, atMs} : {...event, atMs},
    );
  }
  sink.close();
  const lost = stdout === '' ? undefined : writeAll(1, stdout);
  if (lost === undefined) return exitCodes.ok;
  writeAll(2, `error: standard output cannot be written: ${lost.message}\n`);
  return exitCodes.environment;
}

/** Opening Node's stream costs milliseconds, which only a terminal needs. */
function progressOutput(): ProgressOutput {
  if (fstatSync(2).isCharacterDevice()) return process.stderr;
  return {
    fd: 2,
    write(data, done) {
      writeAll(2, data);
      done?.();
    },
  };
}

/** Gives what went wrong, but not that nobody reads any more. */
function writeAll(descriptor: 1 | 2, data: string | Uint8Array): Error | undefined {
  const bytes = Buffer.from(data);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return code === 'EPIPE' ? undefined : (error as Error);
      // A pipe that somebody has made one that does not wait.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pipeWaitMs);
    }
  }
  return undefined;
}
