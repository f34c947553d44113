// A process that somebody attends: in the sandbox of a step, but with the caller's standard streams, on a layer that is
// thrown away afterwards. What `tsbuild run` and `tsbuild shell` come down to.

import type {DnsConfig} from '../../config/config.ts';
import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import {startAttachedHelper} from '../../helper/attached-helper.ts';
import {HelperError} from '../../helper/helper.ts';
import {locateHelper} from '../../helper/locate-helper.ts';
import {StepNetworks} from '../../network/step-networks.ts';
import {Emulation} from '../../ops/exec/emulation.ts';
import type {PreparedMount, SandboxProcess} from '../../ops/exec/exec-arguments.ts';
import {MachineKills} from '../../ops/exec/machine-kills.ts';
import {OneIdNotice} from '../../ops/exec/one-id-warning.ts';
import {memoryKillOf, type ResourceLimits} from '../../ops/exec/resource-limits.ts';
import {sandboxArguments} from '../../ops/exec/sandbox-arguments.ts';
import {explained} from '../../ops/failure.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {Engine} from '../engine.ts';
import {networkHost, withOwnNetwork} from './own-network.ts';
import {type RunRights, rightsArguments} from './rights.ts';

/** Sends a signal to the process, by number. */
export type SendSignal = (number: number) => void;

export type ProcessEnd = {readonly exit: number} | {readonly signal: number};

export interface AttendedProcess {
  readonly process: SandboxProcess;
  readonly root: SnapshotId | undefined;
  /** A layer directory on top of the root: what a failed step had written. */
  readonly layerOnTop?: string;
  readonly mounts: readonly PreparedMount[];
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly readonlyRoot: boolean;
  readonly limits: ResourceLimits;
  /** Undefined: those of a step. */
  readonly rights?: RunRights;
  /** Undefined: the configuration's. */
  readonly dns?: DnsConfig;
}

export interface Attendance {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly warn: (diagnostic: Diagnostic) => void;
  /** Everything is prepared: from now on the terminal is the process's. */
  readonly onReady: () => void;
  readonly onStart: (send: SendSignal) => void;
}

/** Runs it to its end. Throws BuildError when it cannot be started (`exec-not-started`: the program's own fault). */
export async function attend(
  engine: Engine,
  attended: AttendedProcess,
  attendance: Attendance,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  const {snapshotter, state} = engine;
  const {process, root, layerOnTop, limits} = attended;
  const emulation = new Emulation();
  const problem = await emulation.problemOf(process.platform);
  if (problem !== undefined) throw foreign(problem);
  const prepared = await snapshotter.prepare(root, signal);
  const layers = [...(layerOnTop === undefined ? [] : [layerOnTop]), ...prepared.layers];
  let sent = 0;
  const helper = startAttachedHelper({path: locateHelper(attendance.environment)});
  const networks = new StepNetworks({
    // A network belongs to the helper that made it.
    helper: async () => helper,
    makeDirectory: () => state.makeWork(),
    discard: (directory) => snapshotter.discard({directory}),
    dns: attended.dns ?? engine.config.dns,
    warn: attendance.warn,
  });
  try {
    attendance.onReady();
    const args = await sandboxArguments({
      process,
      active: {...prepared, layers},
      epochSeconds: snapshotter.epochSecondsOf(root),
      mounts: attended.mounts,
      secretEnv: [],
      networks,
      limits,
    });
    // From here on signals are the process's: one that came earlier would be lost.
    signal.throwIfAborted();
    const machineKills = new MachineKills();
    const asked = helper.request('run', [...attendedArguments(attended, args), ...args], {
      onStart: (send) =>
        attendance.onStart((number) => {
          sent = number;
          send(number);
        }),
    });
    machineKills.begin();
    const result = await asked;
    new OneIdNotice(attendance.warn).look(result);
    const exit = result.get('exit');
    // A SIGKILL of the user's own is no riddle.
    const memoryKill =
      memoryKillOf(result, limits) ?? (sent === 0 ? machineKills.reasonFor(result) : undefined);
    if (memoryKill !== undefined)
      attendance.warn({severity: 'warning', code: 'exec-out-of-memory', message: memoryKill});
    return exit === undefined ? {signal: Number(result.get('signal'))} : {exit: Number(exit)};
  } catch (error) {
    // Killed, or before the sandbox stood: there is no status of the process to report.
    if (sent !== 0 && error instanceof HelperError && error.phase === 'cancel') return {signal: sent};
    throw await notStarted(error, emulation, process);
  } finally {
    await networks.close().catch(() => {});
    await helper.close();
    snapshotter.discard(prepared);
  }
}

function attendedArguments(attended: AttendedProcess, sandbox: readonly string[]): string[] {
  const {interactive, tty, readonlyRoot, rights} = attended;
  return [
    // A main process is asked to end others itself, as everywhere.
    'signals=main',
    ...(interactive ? ['stdin=1'] : []),
    ...(tty ? ['tty=1'] : []),
    ...(readonlyRoot ? ['readonly=1'] : []),
    ...(rights === undefined ? [] : rightsArguments(inNetwork(rights, sandbox))),
  ];
}

/** Also where it was to be the run's own: the host's takes its place where that cannot be had. */
function inNetwork(rights: RunRights, sandbox: readonly string[]): RunRights {
  if (sandbox.includes('network=host')) return rights;
  return {...rights, sysctls: withOwnNetwork(rights.sysctls, networkHost())};
}

async function notStarted(error: unknown, emulation: Emulation, process: SandboxProcess): Promise<unknown> {
  if (!(error instanceof HelperError)) return error;
  if (error.phase !== 'exec') return explained(error);
  const problem = await emulation.problemAfterFailure(process.platform);
  if (problem !== undefined) return foreign(problem, error);
  return new BuildError('step', [{severity: 'error', code: 'exec-not-started', message: error.message}], {
    cause: error,
  });
}

function foreign(
  problem: {readonly message: string; readonly hints: readonly string[]},
  cause?: unknown,
): Error {
  const {message, hints} = problem;
  return buildError('environment', 'exec-foreign-platform', message, {hints, cause});
}
