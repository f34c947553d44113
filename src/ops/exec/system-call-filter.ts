// The filter that every step is under, unless it may do everything: compiled when the first one runs, and then the same
// for all. It filters the calls of this machine's processes, also of those that emulate another platform.

import {buildError} from '../../diagnostics/build-error.ts';
import type {ExecOp} from '../../graph/op.ts';
import {dockerCapabilities} from '../../seccomp/docker-capabilities.ts';

/** As the filter names them. */
export const keptCapabilities: ReadonlySet<string> = new Set(dockerCapabilities.map((name) => `CAP_${name}`));

const compiled = new Map<string, Promise<string>>();

export async function systemCallArguments(
  security: ExecOp['security'],
  machine: string = process.arch,
): Promise<string[]> {
  if (security === 'insecure') return [];
  let argument = compiled.get(machine);
  if (argument === undefined) {
    argument = compile(machine);
    compiled.set(machine, argument);
  }
  return [await argument];
}

/** The tables are loaded when a step really runs: a cached build has no use for them. */
async function compile(machine: string): Promise<string> {
  const [{filteredArchitectures}, {seccompFilter}] = await Promise.all([
    import('../../seccomp/abi.ts'),
    import('../../seccomp/filter.ts'),
  ]);
  const architecture = filteredArchitectures.find((name) => name === machine);
  if (architecture === undefined) {
    throw buildError(
      'environment',
      'exec-no-filter',
      `there is no system call filter for ${machine} machines`,
      {
        hints: ['RUN --security=insecure with --allow security.insecure runs without one'],
      },
    );
  }
  const program = seccompFilter({architecture, capabilities: keptCapabilities});
  return `seccomp=${Buffer.from(program).toString('hex')}`;
}
