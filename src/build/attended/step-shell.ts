// A shell where a step left off: of a Dockerfile, built as far as needed, or of the step that failed last.

import {existsSync} from 'node:fs';
import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {PreparedMount} from '../../ops/exec/exec-arguments.ts';
import {type FailedStep, type LastingMount, readFailedStep} from '../../ops/exec/failed-step.ts';
import type {ResourceLimits} from '../../ops/exec/resource-limits.ts';
import {systemClock} from '../../util/clock.ts';
import {openEngine} from '../engine.ts';
import type {BuildRequest, EngineOptions} from '../request.ts';
import {type Attendance, attend, type ProcessEnd} from './attend.ts';
import {projectOf} from './failure-keeper.ts';
import {AskedStepFailed, type StateAtStep, stateAtStep} from './state-at-step.ts';
import type {StepAddress} from './step-address.ts';

export interface ShellOptions extends Attendance {
  readonly tty: boolean;
  /** Empty: the shell of the step. */
  readonly command: readonly string[];
  /** Of the shell; those that the step failed by are not taken on. */
  readonly limits: ResourceLimits;
}

const plainShell = '/bin/sh';
const hostname = 'tsbuild-shell';

/**
 * Of a step that fails: where it left off. Throws BuildError when a step before it fails, what it left cannot be kept,
 * or there is no such step.
 */
export async function shellAt(
  address: StepAddress,
  request: BuildRequest,
  options: EngineOptions & FailedShellOptions,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  try {
    await using state = await stateAtStep(address, request, options, signal);
    return await shellIn(state, request, options, signal);
  } catch (error) {
    if (!(error instanceof AskedStepFailed)) throw error;
    const {step} = error;
    return await shellAfterFailure({...options, project: request, step}, signal).catch((why: unknown) => {
      throw why instanceof BuildError ? error : why;
    });
  }
}

async function shellIn(
  state: StateAtStep,
  request: BuildRequest,
  options: ShellOptions,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  const {engine, snapshot, step} = state;
  const [shell = plainShell] = step.shell;
  return await attend(
    engine,
    {
      process: {
        args: options.command.length > 0 ? options.command : [shell],
        env: withTerminal(step.env, options),
        cwd: step.workdir,
        user: step.user,
        hostname,
        network: request.network,
        security: 'sandbox',
        extraHosts: request.extraHosts,
        proxyEnv: [],
        shmSizeBytes: request.shmSizeBytes,
        ulimits: request.ulimits,
        platform: step.platform,
      },
      root: snapshot,
      mounts: [],
      interactive: true,
      tty: options.tty,
      readonlyRoot: false,
      limits: options.limits,
    },
    options,
    signal,
  );
}

export interface FailedShellOptions extends ShellOptions {
  readonly root: string;
  readonly configFile?: string | undefined;
  /** Undefined: whatever failed last in this state directory. */
  readonly project?: Parameters<typeof projectOf>[0];
  /** The name of the only step that will do; undefined: the last one. */
  readonly step?: string;
  /** Told before the shell has the terminal. */
  readonly onStep: (step: FailedStep) => unknown;
}

/** Throws BuildError('user') when nothing is kept, or what it stood on is gone. */
export async function shellAfterFailure(
  options: FailedShellOptions,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  await using engine = await openEngine({
    root: options.root,
    configFile: options.configFile,
    environment: options.environment,
    clock: systemClock,
    onLayerProgress: () => {},
  });
  const {state, snapshotter} = engine;
  const kept = state.failedSteps.find(options.project === undefined ? undefined : projectOf(options.project));
  if (kept === undefined) {
    const hints = [
      'a RUN step that fails is kept until its Dockerfile is built again; --at STEP takes any step',
    ];
    if (state.failedSteps.find() !== undefined)
      hints.unshift(
        'the one kept last is of another Dockerfile: name it with -f, or give no PATH for the last one',
      );
    throw buildError('user', 'shell-nothing-kept', 'no failed step is kept', {hints});
  }
  const step = readFailedStep(kept.record);
  if (step === undefined) throw gone('it was kept by another version of tsbuild');
  if (options.step !== undefined && step.name !== options.step) throw gone('it was not kept');
  if (step.bootId !== state.bootId) throw gone('this machine was started anew since');
  if (step.root !== null && !(await snapshotter.isWhole(step.root)))
    throw gone('layers below it were removed');
  options.onStep(step);
  const {process} = step;
  return await attend(
    engine,
    {
      process: {
        ...process,
        args: options.command.length > 0 ? options.command : [plainShell],
        env: withTerminal(process.env, options),
      },
      root: step.root ?? undefined,
      layerOnTop: kept.layer,
      mounts: mountsOf(step),
      interactive: true,
      tty: options.tty,
      readonlyRoot: false,
      limits: options.limits,
    },
    options,
    signal,
  );
}

function gone(reason: string): Error {
  return buildError('user', 'shell-gone', `the failed step can no longer be entered: ${reason}`, {
    hints: ['build again'],
  });
}

/** Those whose sources are still there. */
function mountsOf({mounts, scripts}: FailedStep): PreparedMount[] {
  return [
    ...scripts.map(({target, text, mode}): PreparedMount => {
      return {type: 'text', target, content: Buffer.from(text), mode, uid: 0, gid: 0};
    }),
    ...mounts.filter(isThere),
  ];
}

function isThere(mount: LastingMount): boolean {
  switch (mount.type) {
    case 'cache':
      return existsSync(mount.dir);
    case 'bind':
      return mount.view.every((argument) => existsSync(argument.slice(argument.indexOf('=') + 1)));
    case 'tmpfs':
      return true;
  }
}

function withTerminal(env: readonly string[], {tty}: ShellOptions): readonly string[] {
  return tty && !env.some((entry) => entry.startsWith('TERM=')) ? [...env, 'TERM=xterm'] : env;
}
