// The forecast of the build that a command line asks for. Progress goes to standard error, as that of a build.

import type {Forecast} from '../../../build/explain/forecast.ts';
import type {CommandCall} from '../command.ts';
import {withBuild} from '../with-build.ts';

export function askedForecast(call: CommandCall): Promise<Forecast> {
  // The steps of the answer are the answer; what is asked of a registry on the way is shown only when it is asked for.
  const isQuiet = call.flags.last('progress') === undefined;
  return withBuild(
    call,
    async (request, options) => {
      const {forecast} = await import('../../../build/explain/forecast.ts');
      return forecast(request, options, call.interrupt);
    },
    {isQuiet},
  );
}
