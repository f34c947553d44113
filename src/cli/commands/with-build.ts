// What commands that ask the engine about a build have in common: the build as it was asked for, and its progress on
// standard error while the engine looks into it.

import type {BuildRequest, EngineOptions} from '../../build/request.ts';
import {buildRequestOf} from '../build-request.ts';
import {placesOf} from '../places.ts';
import {openSink, ReaderRoom, sinkNameOf} from '../progress.ts';
import type {CommandCall} from './command.ts';

/** `isQuiet`: nothing is shown that a sink could show. What the flags say wrongly is told before `work` begins. */
export async function withBuild<T>(
  {flags, operands, io}: Pick<CommandCall, 'flags' | 'operands' | 'io'>,
  work: (request: BuildRequest, options: EngineOptions) => Promise<T>,
  {isQuiet = false} = {},
): Promise<T> {
  const sinkName = sinkNameOf(flags, io);
  const request = await buildRequestOf(flags, operands, io);
  const sink = await openSink(isQuiet ? 'quiet' : sinkName, io);
  const room = new ReaderRoom(io.stderr);
  const options: EngineOptions = {
    ...placesOf(flags, io),
    emit: (event) => {
      if (event.type !== 'step-output' || !room.isStuck) sink.emit(event);
    },
    room,
    stdout: () => io.stdout,
  };
  return work(request, options).finally(() => sink.close());
}
