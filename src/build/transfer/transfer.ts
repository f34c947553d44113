// Images between the local store and registries, without a build: what `push` and `pull` stand on.

import {systemClock} from '../../util/clock.ts';
import {type Engine, openEngine} from '../engine.ts';
import type {EngineOptions} from '../request.ts';
import {type StepReporter, stepReporter} from '../step.ts';

export interface TransferOptions extends Pick<EngineOptions, 'root' | 'emit'> {
  readonly configFile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Transfer {
  readonly engine: Engine;
  readonly reporter: StepReporter;
  readonly signal: AbortSignal;
}

/** Lets `work` use the engine; closed afterwards. */
export async function withTransfer<T>(
  {root, configFile, environment, emit}: TransferOptions,
  signal: AbortSignal,
  work: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  await using engine = await openEngine({
    root,
    configFile,
    environment,
    clock: systemClock,
    onLayerProgress: () => {},
    warn: (diagnostic) => emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()}),
  });
  return await work({engine, reporter: stepReporter(emit, systemClock, signal), signal});
}
