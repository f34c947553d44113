// RUN: a process in a sandbox on top of a root snapshot; what it leaves in the root is the layer.

import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import {keyedFieldsOf, selectorOf} from '../../graph/keying.ts';
import type {ExecOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {HelperError} from '../../helper/helper.ts';
import type {EqualLayers} from '../../snapshot/equal-layers.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {ActiveSnapshot, LayerFacts, Snapshotter} from '../../snapshot/snapshotter.ts';
import type {InputKeying, OpRunner, StepContext} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import {fullDiskHint} from '../../store/disk-full.ts';
import {assert} from '../../util/assert.ts';
import {notCompleted} from '../failure.ts';
import type {Emulation, NotRunnable} from './emulation.ts';
import type {PreparedMount} from './exec-arguments.ts';
import type {StepEnd, StepToKeep} from './failed-step.ts';
import {MachineKills} from './machine-kills.ts';
import {OneIdNotice} from './one-id-warning.ts';
import {OutputTail} from './output-tail.ts';
import {Redaction, shownStreams} from './redaction.ts';
import {memoryKillOf, type ResourceLimits} from './resource-limits.ts';
import {usageOf} from './resource-usage.ts';
import {sandboxArguments} from './sandbox-arguments.ts';
import {type StepMountOptions, StepMounts} from './step-mounts.ts';
import type {StepNetwork} from './step-network.ts';
import {TimeLimit} from './time-limit.ts';

export interface ExecRunnerOptions extends StepMountOptions {
  readonly snapshotter: Snapshotter;
  readonly equalLayers: EqualLayers;
  readonly networks: StepNetwork;
  readonly emulation: Emulation;
  readonly limits: ResourceLimits;
  /** What a user should know of the sandboxes here, once for each build. */
  readonly warn: (diagnostic: Diagnostic) => void;
  /** `--step-timeout`; 0 is none. */
  readonly stepTimeoutMs: number;
  /** Takes the directory of a layer that a failed step has written to; false: it was not kept. */
  readonly keepFailed: (step: StepToKeep, active: ActiveSnapshot) => Promise<boolean>;
  /** Told of a new layer that may have a lot in it. */
  readonly onLarge: (step: string, snapshot: SnapshotId) => void;
}

/** Nobody knows how much a process has written; in less time it was hardly much. */
const largeFromMs = 250;

/** What all steps of a build have together. */
interface Shared extends ExecRunnerOptions {
  readonly oneIdNotice: OneIdNotice;
  readonly machineKills: MachineKills;
}

type ExecVertex = Vertex<ExecOp>;

export function execRunner(options: ExecRunnerOptions): OpRunner<ExecVertex, BuildValue> {
  const oneIdNotice = new OneIdNotice(options.warn);
  const shared: Shared = {...options, oneIdNotice, machineKills: new MachineKills()};
  return {
    cacheMap: (vertex) => ({
      opKey: keyedFieldsOf(vertex.op),
      inputs: vertex.inputs.map((_, index) => keyingOf(vertex, index, options)),
      base: vertex.op.rootInput,
    }),
    async ifUnchanged({op}, inputs) {
      const {snapshotter, equalLayers} = options;
      const parent = snapshotOf(inputs, op.rootInput);
      const snapshot = await equalLayers.unchangedOn(parent, snapshotter.epochSecondsOf(parent));
      return snapshot === undefined ? undefined : {type: 'snapshot', snapshot};
    },
    async exec(vertex, inputs, context) {
      const {snapshotter, equalLayers, emulation} = options;
      const problem = await emulation.problemOf(vertex.op.platform);
      if (problem !== undefined) throw foreignPlatform(problem);
      const parent = snapshotOf(inputs, vertex.op.rootInput);
      const active = await snapshotter.prepare(parent, context.signal);
      const step = new RunningStep(shared, vertex, inputs, context);
      try {
        const left = await step.run(active, snapshotter.epochSecondsOf(parent));
        const snapshot = await equalLayers.settle(active, left, context);
        if (step.wallMs >= largeFromMs) options.onLarge(context.step, snapshot);
        return {type: 'snapshot', snapshot};
      } catch (error) {
        const failed = context.signal.aborted ? undefined : step.failed(parent);
        if (failed !== undefined && (await options.keepFailed(failed, active))) throw withShellHint(error);
        snapshotter.discard(active);
        throw error;
      }
    },
  };
}

function withShellHint(error: unknown): unknown {
  if (!(error instanceof BuildError)) return error;
  const [first, ...rest] = error.diagnostics;
  const hint = 'tsbuild shell --failed opens a shell where this step left off';
  return new BuildError(error.kind, [{...first, hints: [...(first.hints ?? []), hint]}, ...rest], {
    cause: error.cause,
  });
}

/** The root counts by what made it; whatever else is mounted, by the bytes that can be seen of it. */
function keyingOf(vertex: ExecVertex, index: number, options: ExecRunnerOptions): InputKeying<BuildValue> {
  if (index === vertex.op.rootInput) return {by: 'result'};
  const sources = vertex.op.mounts.flatMap((mount) =>
    (mount.type === 'bind' || mount.type === 'cache') && mount.input === index ? [mount.source] : [],
  );
  return {
    by: 'content',
    selector: selectorOf(vertex.op, index),
    async hash(value, signal) {
      const digests = await Promise.all(
        sources.map((source) => options.contents.digestOfPath(value, source, signal)),
      );
      return digests.join(' ');
    },
  };
}

class RunningStep {
  readonly #options: Shared;
  readonly #vertex: ExecVertex;
  readonly #inputs: readonly BuildValue[];
  readonly #context: StepContext;
  #prepared: readonly PreparedMount[] = [];
  #end: StepEnd | undefined;
  /** Of its process. */
  wallMs = 0;

  constructor(options: Shared, vertex: ExecVertex, inputs: readonly BuildValue[], context: StepContext) {
    this.#options = options;
    this.#vertex = vertex;
    this.#inputs = inputs;
    this.#context = context;
  }

  /** Runs the process; throws BuildError('step') unless it exits 0. */
  async run(active: ActiveSnapshot, epochSeconds: number): Promise<LayerFacts> {
    const {op} = this.#vertex;
    await using mounts = new StepMounts(this.#options, this.#inputs, this.#context);
    const prepared = await mounts.prepare(op.mounts);
    this.#prepared = prepared;
    const {networks, limits} = this.#options;
    return await this.#request(
      active,
      await sandboxArguments({
        process: op,
        active,
        epochSeconds,
        mounts: prepared,
        secretEnv: mounts.env,
        networks,
        limits,
      }),
      Redaction.of(mounts.secrets),
    );
  }

  /** Undefined when the process did not come to an end of its own. */
  failed(root: string | undefined): StepToKeep | undefined {
    if (this.#end === undefined) return undefined;
    const {op, origin} = this.#vertex;
    return {name: origin.name, end: this.#end, op, root, prepared: this.#prepared};
  }

  async #request(
    {upper}: ActiveSnapshot,
    args: readonly string[],
    redaction: Redaction | undefined,
  ): Promise<LayerFacts> {
    const tail = new OutputTail();
    const helper = await this.#options.helper();
    const {onStdout, onStderr, end} = shownStreams(redaction, (stream, data) => {
      tail.add(data);
      this.#context.output(stream, data);
    });
    const {stepTimeoutMs, machineKills} = this.#options;
    using limit = new TimeLimit(this.#context.signal, stepTimeoutMs);
    const onCancelled = (late: ReadonlyMap<string, string>): void => this.#context.used(usageOf(late));
    const asked = helper.request('run', args, {signal: limit.signal, onStdout, onStderr, onCancelled});
    machineKills.begin(); // while the helper is at work: the kernel takes its time to count
    const result = await asked.finally(end).catch(async (error: unknown) => {
      if (limit.isOver) {
        this.#end = {timeoutMs: stepTimeoutMs};
        throw outOfTime(this.#vertex.op, stepTimeoutMs, tail.lines());
      }
      throw await this.#notStarted(error);
    });
    this.#options.oneIdNotice.look(result);
    const usage = usageOf(result);
    this.wallMs = usage.wallMs;
    this.#context.used(usage);
    const exit = result.get('exit');
    const kill = memoryKillOf(result, this.#options.limits);
    if (kill !== undefined) machineKills.forget();
    if (exit === '0') this.#warnOf(kill);
    if (exit === '0')
      return {epochSeconds: Number(result.get('epoch')), isUnchanged: result.get('unchanged') === '1'};
    this.#end = exit === undefined ? {signal: Number(result.get('signal'))} : {exit: Number(exit)};
    const known = kill ?? machineKills.reasonFor(result) ?? fullDiskHint(upper);
    throw processFailure(this.#vertex.op, result, tail.lines(), known);
  }

  /** A step that goes on without a process that was killed may have left half of something. */
  #warnOf(kill: string | undefined): void {
    if (kill === undefined) return;
    const message = `${this.#vertex.origin.name}: ${kill}, and the step went on`;
    this.#options.warn({severity: 'warning', code: 'exec-out-of-memory', message});
  }

  /** The kernel's `exec format error`, or `no such file` of an interpreter that is not in the image. */
  async #notStarted(error: unknown): Promise<unknown> {
    const {platform} = this.#vertex.op;
    if (!(error instanceof HelperError) || error.phase !== 'exec') return error;
    const problem = await this.#options.emulation.problemAfterFailure(platform);
    return problem === undefined ? error : foreignPlatform(problem, error);
  }
}

function snapshotOf(inputs: readonly BuildValue[], index: number): string | undefined {
  const value = inputs[index];
  if (value === undefined) return undefined;
  assert(value.type === 'snapshot', 'the root of a step is a snapshot');
  return value.snapshot;
}

function foreignPlatform({message, hints}: NotRunnable, cause?: HelperError): Error {
  const notes = cause === undefined ? {} : {notes: [cause.message], cause};
  return buildError('environment', 'exec-foreign-platform', message, {hints, ...notes});
}

function outOfTime(op: ExecOp, limitMs: number, tail: readonly string[]): Error {
  const message = notCompleted(op, `it was ended after ${limitMs / 1000} s`);
  return buildError('step', 'exec-timeout', message, {notes: tail, hints: ['--step-timeout sets the limit']});
}

function processFailure(
  op: ExecOp,
  result: ReadonlyMap<string, string>,
  tail: readonly string[],
  known: string | undefined,
): Error {
  const [exit, signal] = [result.get('exit'), result.get('signal')];
  // Docker reports a signal as exit code 128 + number, as a shell does.
  const code = exit ?? String(128 + Number(signal));
  const by = signal === undefined ? '' : ` (killed by signal ${signal})`;
  const message = notCompleted(op, `exit code: ${code}${by}`);
  const hints = known !== undefined ? [known] : exit === '127' ? ['127: command not found'] : [];
  return buildError('step', 'exec-exit-nonzero', message, {notes: tail, hints});
}
