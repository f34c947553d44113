// The forecast of the build that a command line asks for. Progress goes to standard error, as that of a build.

import type {Forecast} from '../../../build/explain/forecast.ts';
import {buildRequestOf} from '../../build-request.ts';
import {configFileOf, stateRootOf} from '../../places.ts';
import {openSink, sinkNameOf} from '../../progress.ts';
import type {CommandCall} from '../command.ts';

export async function askedForecast({flags, operands, io, interrupt}: CommandCall): Promise<Forecast> {
  const sinkName = sinkNameOf(flags, io);
  const request = await buildRequestOf(flags, operands, io);
  const configFile = configFileOf(flags, io);
  const {forecast} = await import('../../../build/explain/forecast.ts');
  // The steps of the answer are the answer; what is asked of a registry on the way is shown only when it is asked for.
  const shows = flags.last('progress') !== undefined;
  const sink = await openSink(shows ? sinkName : 'quiet', io);
  return forecast(
    request,
    {
      root: stateRootOf(flags, io),
      ...(configFile === undefined ? {} : {configFile}),
      emit: (event) => sink.emit(event),
      stdout: () => io.stdout,
    },
    interrupt,
  ).finally(() => sink.close());
}
