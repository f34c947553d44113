// `tsbuild build --call=METHOD` and `--check`: asks about a build instead of building it. The answer goes to standard
// output, progress to standard error as ever.

import type {BuildError} from '../../../diagnostics/build-error.ts';
import {type ExitCode, exitCodeOf, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {columnsOf, wantsColor} from '../../terminal.ts';
import type {Call} from '../../values/call.ts';
import {withBuild} from '../with-build.ts';
import {checkJson, checkText} from './check.ts';
import {describeJson, describeText} from './describe.ts';
import {outlineJson, outlineText} from './outline.ts';
import {targetsJson, targetsText} from './targets.ts';

interface Answer {
  readonly text: string;
  readonly json: () => object;
  readonly code: ExitCode;
  /** Told on standard error, after the text. */
  readonly error?: BuildError;
}

type Asked = Parameters<typeof import('../../../build/check/check.ts').checkBuild>;

export async function runCall(
  call: Call,
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  interrupt: AbortSignal,
): Promise<ExitCode> {
  if (call.method === 'subrequests.describe') {
    io.stdout.write(call.format === 'json' ? asJson(describeJson()) : describeText());
    return exitCodes.ok;
  }
  const answer = await withBuild({flags, operands, io}, (request, options) =>
    ask(call, [request, options, interrupt], io),
  );
  io.stdout.write(call.format === 'json' ? asJson(answer.json()) : answer.text);
  if (call.ignoresStatus) return exitCodes.ok;
  if (answer.error !== undefined && call.format === 'text') throw answer.error;
  return answer.code;
}

function asJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function ask({method}: Call, asked: Asked, io: CliIo): Promise<Answer> {
  const {checkBuild, listTargets, outlineBuild} = await import('../../../build/check/check.ts');
  switch (method) {
    case 'targets': {
      const {targets, file} = await listTargets(...asked);
      return {text: targetsText(targets), json: () => targetsJson(targets, file), code: exitCodes.ok};
    }
    case 'outline': {
      const {outline, file} = await outlineBuild(...asked);
      return {text: outlineText(outline), json: () => outlineJson(outline, file), code: exitCodes.ok};
    }
    default: {
      const result = await checkBuild(...asked);
      const {warnings, error} = result;
      const columns = io.stdout.isTTY === true ? columnsOf(io.stdout) : 0;
      const text = checkText(result, {color: wantsColor(io.stdout, io.env), columns});
      const found = warnings.length > 0 ? exitCodes.failed : exitCodes.ok;
      const code = error === undefined ? found : exitCodeOf(error.kind);
      return {text, json: () => checkJson(result), code, ...(error === undefined ? {} : {error})};
    }
  }
}
