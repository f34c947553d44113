// `tsbuild plan`: a build that is not done, as text, JSON or a graph.

import type {Forecast} from '../../../build/explain/forecast.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act} from '../command.ts';
import {askedForecast} from './asked-forecast.ts';
import {dotText, mermaidText, planText} from './plan-text.ts';

const printers: Readonly<Record<'text' | 'json' | 'dot' | 'mermaid', (forecast: Forecast) => string>> = {
  text: planText,
  json: (forecast) => `${JSON.stringify(forecast, null, 2)}\n`,
  dot: dotText,
  mermaid: mermaidText,
};

export const showPlan: Act = async (call) => {
  const print = printers[chosenFormat(call.flags, ['text', 'json', 'dot', 'mermaid'])];
  call.io.stdout.write(print(await askedForecast(call)));
  return exitCodes.ok;
};
