// `tsbuild plan`: a build that is not done, as text, JSON or a graph.

import type {Forecast} from '../../../build/explain/forecast.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {Act} from '../command.ts';
import {askedForecast} from './asked-forecast.ts';
import {dotText, mermaidText, planText} from './plan-text.ts';

const printers: Readonly<Record<string, (forecast: Forecast) => string>> = {
  text: planText,
  json: (forecast) => `${JSON.stringify(forecast, null, 2)}\n`,
  dot: dotText,
  mermaid: mermaidText,
};

export const showPlan: Act = async (call) => {
  const format = call.flags.last('format') ?? 'text';
  const print = Object.hasOwn(printers, format) ? printers[format] : undefined;
  if (print === undefined) {
    throw buildError(
      'usage',
      'cli-bad-value',
      `--format expects text, json, dot or mermaid, got "${format}"`,
    );
  }
  call.io.stdout.write(print(await askedForecast(call)));
  return exitCodes.ok;
};
