// The limits that a command line asks for: docker's flags one by one, BuildKit's --resource, and where the groups go.

import type {ResourceLimits} from '../ops/exec/resource-limits.ts';
import {suggest} from '../util/suggest.ts';
import {type LimitFlag, limitFlags, resourceNames, runLimitFlags} from './limit-flags.ts';
import type {ValueReader} from './value-reader.ts';
import {csvFields} from './values/csv.ts';
import {isProblem} from './values/problem.ts';

interface Limit {
  readonly name: string;
  readonly value: string;
}

const allFlags = [...limitFlags, ...runLimitFlags];

/** Microseconds of the default period that --cpus=1 is. */
const cpuPeriod = 100_000;

export function limitsOf(reader: ValueReader): ResourceLimits {
  const asked = [...flagged(reader), ...resources(reader), ...cpus(reader), ...oomKill(reader)];
  const lastOf = (name: string): string | undefined => asked.findLast((limit) => limit.name === name)?.value;
  const [memory, swap] = [lastOf('memory'), lastOf('memory-swap')];
  // docker's default: as much swap as memory. Else a step that goes over its limit is not ended where there is swap.
  if (memory !== undefined && swap === undefined)
    asked.push({name: 'memory-swap-if-counted', value: `${2 * Number(memory)}`});
  if (swap !== undefined && swap !== '-1' && memory === undefined) {
    reader.report('--memory-swap needs --memory', 'it is memory and swap together');
  } else if (swap !== undefined && swap !== '-1' && Number(swap) < Number(memory)) {
    reader.report('--memory-swap is less than --memory', 'it is memory and swap together');
  }
  if (memory !== undefined && Number(memory) < Number(lastOf('memory-reservation') ?? 0))
    reader.report('--memory is less than --memory-reservation', 'the limit is the larger one');
  const parent = reader.flags.last('cgroup-parent');
  if (parent?.split('/').includes('..') === true)
    reader.report(`--cgroup-parent expects a path without "..", got "${parent}"`);
  return {limits: inOrder(asked), ...(parent === undefined || parent === '' ? {} : {cgroupParent: parent})};
}

/** As the helper sets them: memory before memory and swap together. The last of a name counts, but for devices'. */
function inOrder(asked: readonly Limit[]): Limit[] {
  const names = [...new Set([...allFlags.map(({limit}) => limit), ...asked.map(({name}) => name)])];
  return names.flatMap((name) => {
    const all = asked.filter((limit) => limit.name === name);
    return name.includes('device') ? all : all.slice(-1);
  });
}

function flagged(reader: ValueReader): Limit[] {
  return allFlags.flatMap((flag) =>
    reader.flags.all(flag.name).flatMap((text) => read(reader, flag, text, `--${flag.name}`)),
  );
}

/** `--resource memory=2g,cpu-quota=50000`, as BuildKit has it. */
function resources(reader: ValueReader): Limit[] {
  return reader.flags.all('resource').flatMap((text) => {
    const fields = csvFields(text);
    if (isProblem(fields)) {
      reader.report(`--resource: ${fields.problem}`);
      return [];
    }
    return fields.flatMap((field) => {
      const [name = '', ...value] = field.split('=');
      const flag = limitFlags.find((one) => one.name === name && resourceNames.includes(name));
      if (flag !== undefined && value.length > 0)
        return read(reader, flag, value.join('='), `--resource ${name}`);
      const near = suggest(name, resourceNames);
      const expected = near === undefined ? `one of ${resourceNames.join(', ')}` : `did you mean ${near}?`;
      reader.report(`--resource expects NAME=VALUE, got "${field}"`, expected);
      return [];
    });
  });
}

/** `--cpus 1.5` of docker run: a quota of the period that is usual, so that it goes with neither of them. */
function cpus(reader: ValueReader): Limit[] {
  const text = reader.flags.last('cpus');
  if (text === undefined) return [];
  const number = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (number === 0) return [];
  const other = ['cpu-period', 'cpu-quota'].find((name) => !/^(0|-1)?$/.test(reader.flags.last(name) ?? ''));
  if (other !== undefined) reader.report(`--cpus and --${other} cannot both be set`, 'they say the same');
  if (number >= 0.01) return [{name: 'cpu-quota', value: `${Math.round(number * cpuPeriod)}`}];
  reader.report(`--cpus expects a number such as 1.5, got "${text}"`);
  return [];
}

/** `--oom-kill-disable` of docker run, which warns where we refuse: without a limit it would do nothing. */
function oomKill(reader: ValueReader): Limit[] {
  if (!reader.flags.has('oom-kill-disable')) return [];
  if (reader.flags.last('memory') === undefined) reader.report('--oom-kill-disable needs --memory');
  return [{name: 'oom-kill-disable', value: '1'}];
}

function read(reader: ValueReader, flag: LimitFlag, text: string, written: string): Limit[] {
  const limit = flag.read(text, written);
  if (limit === undefined) return [];
  if (!isProblem(limit)) return [limit];
  reader.report(limit.problem);
  return [];
}
