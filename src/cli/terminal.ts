// What the command knows of the terminal it talks to.

import type {CliIo, CliOutput} from './io.ts';

const defaultColumns = 80;

export function columnsOf(output: Pick<CliOutput, 'columns'>): number {
  return output.columns !== undefined && output.columns > 0 ? output.columns : defaultColumns;
}

/** Colours only on a terminal that has them, and never with NO_COLOR (https://no-color.org: any non-empty value). */
export function wantsColor(output: Pick<CliOutput, 'isTTY'>, env: CliIo['env']): boolean {
  return output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
