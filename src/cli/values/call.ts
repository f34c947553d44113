// --call and --check: what a build is asked to do instead of building. `METHOD[,format=text|json][,ignorestatus=true]`,
// as docker has it.

import {buildError} from '../../diagnostics/build-error.ts';
import {suggest} from '../../util/suggest.ts';
import type {FlagValues} from '../flag-values.ts';
import {csvFields} from './csv.ts';
import type {Problem} from './problem.ts';

const callMethods = ['build', 'check', 'outline', 'targets', 'subrequests.describe'] as const;
type CallMethod = (typeof callMethods)[number];

export interface Call {
  readonly method: CallMethod;
  readonly format: 'text' | 'json';
  /** The exit code is 0 whatever is found. */
  readonly ignoresStatus: boolean;
}

/** What the flags ask for. Throws BuildError('usage'). */
export function callOf(flags: FlagValues): Call {
  const given = flags.last('call');
  const call = parseCall(given ?? 'build');
  if ('problem' in call) throw buildError('usage', 'cli-bad-value', call.problem);
  if (!flags.has('check') || call.method === 'check') return call;
  if (given === undefined) return {...call, method: 'check'};
  throw buildError('usage', 'cli-bad-value', `--check and --call=${given} exclude each other`);
}

export function parseCall(text: string): Call | Problem {
  const fields = csvFields(text);
  if ('problem' in fields) return {problem: `--call ${text}: ${fields.problem}`};
  const [name = '', ...options] = fields;
  const method = name === 'lint' ? 'check' : callMethods.find((known) => known === (name || 'build'));
  if (method === undefined) {
    const near = suggest(name, callMethods);
    const expected = near === undefined ? `expected ${callMethods.join(', ')}` : `did you mean ${near}?`;
    return {problem: `--call ${name}: unknown method, ${expected}`};
  }
  let [format, ignoresStatus]: [Call['format'], boolean] = ['text', false];
  for (const option of options) {
    const [key, value = ''] = option.split('=', 2);
    if (key === 'format' && (value === 'text' || value === 'json')) format = value;
    else if (key === 'ignorestatus' && (value === 'true' || value === 'false'))
      ignoresStatus = value === 'true';
    else
      return {
        problem: `--call ${text}: expected format=text, format=json or ignorestatus=true, got "${option}"`,
      };
  }
  return {method, format, ignoresStatus};
}
