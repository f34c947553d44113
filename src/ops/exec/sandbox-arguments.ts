// One `run` of the helper, whole: the root and its new layer, the process, its network, the filter, the mounts. For a
// step of a build and for a process that somebody attends.

import {viewArguments} from '../../helper/helper.ts';
import type {ActiveSnapshot} from '../../snapshot/snapshotter.ts';
import {stampOf} from '../../snapshot/stamp.ts';
import {mountArguments, type PreparedMount, processArguments, type SandboxProcess} from './exec-arguments.ts';
import {limitArguments, type ResourceLimits} from './resource-limits.ts';
import type {StepNetwork} from './step-network.ts';
import {systemCallArguments} from './system-call-filter.ts';

/** Overlayfs takes 500, and one may be needed for an empty one. */
const layersMax = 499;

export interface Sandbox {
  readonly process: SandboxProcess;
  readonly active: ActiveSnapshot;
  readonly epochSeconds: number;
  readonly mounts: readonly PreparedMount[];
  /** Variables that hold secrets. */
  readonly secretEnv: readonly string[];
  readonly networks: StepNetwork;
  readonly limits: ResourceLimits;
}

export async function sandboxArguments(sandbox: Sandbox): Promise<string[]> {
  const {process, active, networks} = sandbox;
  const [network, filter, mountPoints] = await Promise.all([
    networks.argumentsFor(process),
    systemCallArguments(process.security),
    networks.mountPoints(),
  ]);
  const {layers} = active;
  const hasRoom = layers.length > 0 && layers.length < layersMax;
  return [
    ...viewArguments({layers: hasRoom ? [...layers, mountPoints] : layers}),
    `upper=${active.upper}`,
    `work=${active.work}`,
    ...processArguments(process, sandbox.secretEnv),
    ...network,
    ...limitArguments(sandbox.limits),
    ...filter,
    `epoch=${stampOf(active, sandbox.epochSeconds)}`,
    ...sandbox.mounts.flatMap(mountArguments),
  ];
}
