// `tsbuild doctor`: the report as a table of findings, or as JSON. 0 when builds can run here, 3 when they cannot.

import type {DoctorReport, Finding} from '../../../build/doctor/report.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {CliIo} from '../../io.ts';
import {placesOf} from '../../places.ts';
import {wantsColor} from '../../terminal.ts';

export async function runDoctor(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
): Promise<ExitCode> {
  const format = chosenFormat(flags, ['text', 'json']);
  if (operands.length > 0) throw buildError('usage', 'cli-operands', 'doctor takes no operands');
  const {examine} = await import('../../../build/doctor/doctor.ts');
  const report = await examine(
    {
      ...placesOf(flags, io),
      environment: io.env,
    },
    interrupt,
  );
  const text =
    format === 'json'
      ? `${JSON.stringify(report, null, 2)}\n`
      : doctorText(report, wantsColor(io.stdout, io.env));
  io.stdout.write(text);
  return report.ok ? exitCodes.ok : exitCodes.environment;
}

const colors: Readonly<Record<Finding['state'], string>> = {ok: '32', warning: '33', missing: '31'};

export function doctorText({ok, findings}: DoctorReport, color: boolean): string {
  const stateWidth = Math.max(...findings.map(({state}) => state.length));
  const nameWidth = Math.max(...findings.map(({name}) => name.length));
  const lines = findings.flatMap(({name, state, detail, fix}) => {
    const shown = state.padEnd(stateWidth);
    const painted = color ? `\u001b[${colors[state]}m${shown}\u001b[0m` : shown;
    const line = `${painted}  ${name.padEnd(nameWidth)}  ${detail}`;
    const indent = ' '.repeat(stateWidth + nameWidth + 4);
    return fix === undefined ? [line] : [line, `${indent}fix: ${fix}`];
  });
  const conclusion = ok ? 'builds can run here' : 'builds cannot run here';
  return `${lines.join('\n')}\n\n${conclusion}\n`;
}
