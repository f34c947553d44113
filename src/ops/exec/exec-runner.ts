// RUN: a process in a sandbox on top of a root snapshot; what it leaves in the root is the layer.

import {mkdir} from 'node:fs/promises';
import {buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import {keyedFieldsOf} from '../../graph/keying.ts';
import type {ExecMount, ExecOp} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {type Helper, HelperError, viewArguments} from '../../helper/helper.ts';
import {digestOf, hexOf} from '../../oci/digest.ts';
import {type ActiveSnapshot, type Snapshotter, stampOf} from '../../snapshot/snapshotter.ts';
import type {InputKeying, OpRunner, StepContext} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {LockSpace} from '../../store/lock.ts';
import {assert} from '../../util/assert.ts';
import type {Contents} from '../contents.ts';
import type {Emulation, NotRunnable} from './emulation.ts';
import {mountArguments, type PreparedMount, processArguments} from './exec-arguments.ts';
import type {NetworkFiles} from './network-files.ts';
import {OneIdNotice} from './one-id-warning.ts';
import {OutputTail} from './output-tail.ts';
import {systemCallArguments} from './system-call-filter.ts';

export interface ExecRunnerOptions {
  readonly snapshotter: Snapshotter;
  readonly helper: () => Promise<Helper>;
  readonly contents: Contents;
  readonly locks: LockSpace;
  readonly cacheMountPath: (id: string) => string;
  readonly networkFiles: NetworkFiles;
  readonly emulation: Emulation;
  /** Values of --secret; never part of a key, a message or a record. */
  readonly secrets: Readonly<Record<string, Uint8Array>>;
  /** Agent sockets of --ssh. */
  readonly ssh: Readonly<Record<string, string>>;
  /** What a user should know of the sandboxes here, once for each build. */
  readonly warn: (diagnostic: Diagnostic) => void;
}

/** What all steps of a build have together. */
interface Shared extends ExecRunnerOptions {
  readonly oneIdNotice: OneIdNotice;
}

type ExecVertex = Vertex<ExecOp>;

export function execRunner(options: ExecRunnerOptions): OpRunner<ExecVertex, BuildValue> {
  const shared: Shared = {...options, oneIdNotice: new OneIdNotice(options.warn)};
  return {
    cacheMap: (vertex) => ({
      opKey: keyOf(vertex.op),
      inputs: vertex.inputs.map((_, index) => keyingOf(vertex, index, options)),
    }),
    async exec(vertex, inputs, context) {
      const {snapshotter, emulation} = options;
      const problem = await emulation.problemOf(vertex.op.platform);
      if (problem !== undefined) throw foreignPlatform(problem);
      const parent = snapshotOf(inputs, vertex.op.rootInput);
      const active = await snapshotter.prepare(parent, context.signal);
      try {
        const step = new RunningStep(shared, vertex, inputs, context);
        const epochSeconds = snapshotter.epochSecondsOf(parent);
        await step.run(active, epochSeconds);
        return {type: 'snapshot', snapshot: await snapshotter.commit(active, epochSeconds)};
      } catch (error) {
        snapshotter.discard(active);
        throw error;
      }
    },
  };
}

/** Names of extra hosts count, their addresses do not: a moved mirror is the same build (BuildKit does the same). */
function keyOf(op: ExecOp): string {
  return keyedFieldsOf({...op, extraHosts: op.extraHosts.map(({host}) => ({host, address: ''}))});
}

/** The root counts by what made it; whatever else is mounted, by the bytes that can be seen of it. */
function keyingOf(vertex: ExecVertex, index: number, options: ExecRunnerOptions): InputKeying<BuildValue> {
  if (index === vertex.op.rootInput) return {by: 'result'};
  const sources = vertex.op.mounts.flatMap((mount) =>
    (mount.type === 'bind' || mount.type === 'cache') && mount.input === index ? [mount.source] : [],
  );
  return {
    by: 'content',
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
  readonly #env: string[] = [];

  constructor(options: Shared, vertex: ExecVertex, inputs: readonly BuildValue[], context: StepContext) {
    this.#options = options;
    this.#vertex = vertex;
    this.#inputs = inputs;
    this.#context = context;
  }

  /** Runs the process; throws BuildError('step') unless it exits 0. */
  async run(active: ActiveSnapshot, epochSeconds: number): Promise<void> {
    const {op} = this.#vertex;
    const locked = op.mounts.flatMap((mount) =>
      mount.type === 'cache' && mount.sharing !== 'shared' ? [cacheIdOf(mount)] : [],
    );
    // In one order for everybody, or two steps with two locked caches could wait for each other for ever.
    await this.#locked(locked.toSorted(), async () => {
      const mounts: PreparedMount[] = [];
      for (const mount of op.mounts) mounts.push(...(await this.#prepare(mount)));
      const {networkFiles} = this.#options;
      const [hosts, resolv, filter] = await Promise.all([
        networkFiles.hosts(op.hostname, op.extraHosts),
        networkFiles.resolv(),
        systemCallArguments(op.security),
      ]);
      await this.#request([
        ...viewArguments({layers: active.layers}),
        `upper=${active.upper}`,
        `work=${active.work}`,
        ...processArguments(op, this.#env),
        ...filter,
        `hosts=${hosts}`,
        `resolv=${resolv}`,
        `epoch=${stampOf(active, epochSeconds)}`,
        ...mounts.flatMap(mountArguments),
      ]);
    });
  }

  async #request(args: readonly string[]): Promise<void> {
    const tail = new OutputTail();
    const helper = await this.#options.helper();
    const output = (stream: 'stdout' | 'stderr', data: Uint8Array): void => {
      tail.add(data);
      this.#context.output(stream, data);
    };
    const result = await helper
      .request('run', args, {
        signal: this.#context.signal,
        onStdout: (data) => output('stdout', data),
        onStderr: (data) => output('stderr', data),
      })
      .catch(async (error: unknown) => {
        throw await this.#notStarted(error);
      });
    this.#options.oneIdNotice.look(result);
    const exit = result.get('exit');
    if (exit === '0') return;
    throw processFailure(this.#vertex.op, exit, result.get('signal'), tail.lines());
  }

  /** The kernel's `exec format error`, or `no such file` of an interpreter that is not in the image. */
  async #notStarted(error: unknown): Promise<unknown> {
    const {platform} = this.#vertex.op;
    if (!(error instanceof HelperError) || error.phase !== 'exec') return error;
    const problem = await this.#options.emulation.problemAfterFailure(platform);
    return problem === undefined ? error : foreignPlatform(problem, error);
  }

  async #locked<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const [name, ...rest] = names;
    if (name === undefined) return work();
    const {signal} = this.#context;
    return this.#options.locks.withLock(
      `cache-mount ${name}`,
      signal,
      () => this.#locked(rest, work),
      () => this.#context.note('waiting for a cache mount that another step uses'),
    );
  }

  async #prepare(mount: ExecMount): Promise<PreparedMount[]> {
    switch (mount.type) {
      case 'bind': {
        const view = await this.#viewOf(mount.input, mount.source);
        const mode = mount.readonly ? 'readonly' : 'discard';
        return [{type: 'bind', target: mount.target, view, source: mount.source, mode}];
      }
      case 'cache':
        return [await this.#prepareCache(mount)];
      case 'tmpfs':
        return [mount];
      case 'text':
        return [{...mount, content: Buffer.from(mount.text), uid: 0, gid: 0}];
      case 'secret':
        return this.#prepareSecret(mount);
      case 'ssh':
        return this.#prepareSsh(mount);
    }
  }

  async #viewOf(input: number, source: string): Promise<string[]> {
    const value = this.#inputs[input];
    if (value === undefined) return [];
    return viewArguments(await this.#options.contents.viewOf(value, source, this.#context.signal));
  }

  async #prepareCache(mount: Extract<ExecMount, {type: 'cache'}>): Promise<PreparedMount> {
    const directory = this.#options.cacheMountPath(cacheIdOf(mount));
    const dir = `${directory}/fs`;
    const {target, readonly} = mount;
    const helper = await this.#options.helper();
    await this.#options.locks.withLock(
      `cache-mount-making ${cacheIdOf(mount)}`,
      this.#context.signal,
      async () => {
        await mkdir(directory, {recursive: true, mode: 0o700});
        const made = await mkdir(dir, {recursive: true, mode: 0o755});
        if (made === undefined) return;
        const view = mount.input >= 0 ? await this.#viewOf(mount.input, mount.source) : [];
        const initial =
          mount.input >= 0 ? ['action=copy', 'view=1', `source=${mount.source}`, 'destination=/'] : [];
        await helper.request(
          'copy',
          [
            `upper=${dir}`,
            ...(mount.input >= 0 ? ['view=1', ...view] : []),
            ...initial,
            'action=attributes',
            'path=/',
            `owner=${mount.uid}:${mount.gid}`,
            `mode=${mount.mode.toString(8)}`,
          ],
          {signal: this.#context.signal},
        );
      },
    );
    return {type: 'cache', target, dir, source: '/', readonly};
  }

  #prepareSecret(mount: Extract<ExecMount, {type: 'secret'}>): PreparedMount[] {
    const secret = this.#options.secrets[mount.id];
    if (secret === undefined) {
      if (!mount.required) return [];
      throw buildError('user', 'exec-missing-secret', `secret ${mount.id}: not found`, {
        hints: [`give it with --secret id=${mount.id},src=FILE or --secret id=${mount.id},env=NAME`],
      });
    }
    if (mount.env !== undefined) {
      this.#env.push(`${mount.env}=${Buffer.from(secret).toString()}`);
    }
    if (mount.target === undefined) return [];
    const {target, mode, uid, gid} = mount;
    return [{type: 'text', target, content: secret, mode, uid, gid}];
  }

  #prepareSsh(mount: Extract<ExecMount, {type: 'ssh'}>): PreparedMount[] {
    const socket = this.#options.ssh[mount.id];
    if (socket === undefined) {
      if (!mount.required) return [];
      throw buildError('user', 'exec-missing-ssh', `unset ssh forward key ${mount.id}`, {
        hints: [`give it with --ssh ${mount.id}${mount.id === 'default' ? '' : '=SOCKET'}`],
      });
    }
    return [{type: 'socket', target: mount.target, socket}];
  }
}

function cacheIdOf(mount: Extract<ExecMount, {type: 'cache'}>): string {
  const {id, mode, uid, gid, input, source} = mount;
  const from = input >= 0 ? `${source}` : '';
  return hexOf(digestOf(JSON.stringify([id, mode, uid, gid, from])));
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

function processFailure(
  op: ExecOp,
  exit: string | undefined,
  signal: string | undefined,
  tail: readonly string[],
): Error {
  // Docker reports a signal as exit code 128 + number, as a shell does.
  const code = exit ?? String(128 + Number(signal));
  const by = signal === undefined ? '' : ` (killed by signal ${signal})`;
  const command = op.args.join(' ');
  const message = `process "${command}" did not complete successfully: exit code: ${code}${by}`;
  const hints =
    signal === '9'
      ? ['signal 9 often is the kernel out of memory: see dmesg']
      : exit === '127'
        ? ['127: command not found']
        : [];
  return buildError('step', 'exec-exit-nonzero', message, {notes: tail, hints});
}
