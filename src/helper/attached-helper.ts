// A helper whose `run` has our own standard streams: the process talks to the caller's terminal, files and pipes
// without a detour through Node. The protocol goes over descriptor 3 (docs/formats/helper-protocol.md).

import {spawn} from 'node:child_process';
import type {Duplex} from 'node:stream';
import {HelperProcess, type HelperProcessOptions} from './helper-process.ts';
import {endOf} from './spawned-helper.ts';

export function startAttachedHelper(options: HelperProcessOptions): HelperProcess {
  return new HelperProcess(options, (path) => {
    const child = spawn(path, ['attached'], {stdio: ['inherit', 'inherit', 'inherit', 'pipe']});
    const channel = child.stdio[3] as Duplex;
    return {requests: channel, answers: channel, end: endOf(child, path)};
  });
}
