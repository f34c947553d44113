// The mounts of one step with everything on the host decided: views of inputs, directories of caches, secrets, sockets
// of agents. What is held for the step (locks, sockets, uses of caches) is let go of when it is disposed.

import {buildError} from '../../diagnostics/build-error.ts';
import type {ExecMount} from '../../graph/op.ts';
import {type Helper, viewArguments} from '../../helper/helper.ts';
import type {StepContext} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {SshAgents} from '../../ssh/agents.ts';
import type {CacheMounts, CacheName} from '../../store/cache-mounts.ts';
import type {ProcessLocks} from '../../store/lock.ts';
import {deferred} from '../../util/deferred.ts';
import type {Contents} from '../contents.ts';
import {type CacheMount, lockNameOf, variantOf} from './cache-names.ts';
import type {PreparedMount} from './exec-arguments.ts';

/** What caches may begin with, beside what their mounts say. */
export interface CacheContents {
  /** Fills an empty directory; gives where its contents are from. Undefined: nobody has any, and it is as it was. */
  fill(cache: CacheName, directory: string, signal: AbortSignal): Promise<string | undefined>;
  /** A step is about to have it. */
  used(cache: CacheName): void;
}

export interface StepMountOptions {
  readonly helper: () => Promise<Helper>;
  readonly contents: Contents;
  readonly locks: ProcessLocks;
  readonly cacheMounts: CacheMounts;
  readonly cacheContents?: CacheContents | undefined;
  /** Values of --secret; never part of a key, a message or a record. */
  readonly secrets: Readonly<Record<string, Uint8Array>>;
  /** Those of --ssh, loaded when first asked for. */
  readonly agents: () => Promise<SshAgents>;
}

export class StepMounts implements AsyncDisposable {
  /** Variables that hold secrets; filled by `prepare`. */
  readonly env: string[] = [];
  /** Values that the step has; filled by `prepare`. */
  readonly secrets: Uint8Array[] = [];
  readonly #options: StepMountOptions;
  readonly #inputs: readonly BuildValue[];
  readonly #context: StepContext;
  /** How to let go, in the order of taking. */
  readonly #held: (() => unknown)[] = [];

  constructor(options: StepMountOptions, inputs: readonly BuildValue[], context: StepContext) {
    this.#options = options;
    this.#inputs = inputs;
    this.#context = context;
  }

  /** Throws BuildError('user') when something required was not given. */
  async prepare(mounts: readonly ExecMount[]): Promise<readonly PreparedMount[]> {
    const variants = await this.#lockCaches(mounts.filter((mount) => mount.type === 'cache'));
    const prepared: PreparedMount[] = [];
    for (const mount of mounts) prepared.push(...(await this.#prepare(mount, variants)));
    return prepared;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const release of this.#held.splice(0).reverse()) await release();
  }

  async #prepare(
    mount: ExecMount,
    variants: ReadonlyMap<CacheMount, string>,
  ): Promise<readonly PreparedMount[]> {
    switch (mount.type) {
      case 'bind': {
        const view = await this.#viewOf(mount.input, mount.source);
        const mode = mount.readonly ? 'readonly' : 'discard';
        return [{type: 'bind', target: mount.target, view, source: mount.source, mode}];
      }
      case 'cache':
        return [await this.#prepareCache(mount, variants.get(mount) ?? variantOf(mount))];
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

  /** Waits for the caches that one step at a time may have; a private one that is taken is replaced by another. */
  async #lockCaches(mounts: readonly CacheMount[]): Promise<ReadonlyMap<CacheMount, string>> {
    const variants = new Map<CacheMount, string>();
    const locked = mounts.filter(({sharing}) => sharing === 'locked').map((mount) => lockNameOf(mount));
    // In one order for everybody, or two steps with two locked caches could wait for each other for ever.
    for (const name of [...new Set(locked)].sort()) await this.#lock(name);
    for (const mount of mounts) {
      if (mount.sharing === 'private') variants.set(mount, await this.#takePrivate(mount));
    }
    return variants;
  }

  #lock(name: string): Promise<void> {
    const taken = deferred<void>();
    const end = deferred<void>();
    const over = this.#options.locks.withLock(
      name,
      this.#context.signal,
      () => {
        this.#held.push(async () => {
          end.resolve();
          await over;
        });
        taken.resolve();
        return end.promise;
      },
      () => this.#context.note('waiting for a cache mount that another step uses'),
    );
    over.catch(taken.reject);
    return taken.promise;
  }

  async #takePrivate(mount: CacheMount): Promise<string> {
    for (let number = 0; ; number++) {
      this.#context.signal.throwIfAborted();
      const variant = variantOf(mount, number);
      const held = await this.#options.locks.tryLock(lockNameOf(mount, variant));
      if (held === undefined) continue;
      this.#held.push(() => held.release());
      return variant;
    }
  }

  async #prepareCache(mount: CacheMount, variant: string): Promise<PreparedMount> {
    const {target, readonly, id, sharing} = mount;
    const {signal} = this.#context;
    const {cacheContents} = this.#options;
    const fill = async (directory: string): Promise<string | undefined> => {
      const origin = await cacheContents?.fill({id, variant}, directory, signal);
      if (origin === undefined) await this.#fillCache(mount, directory);
      else this.#context.note(`cache mount ${id} comes from ${origin}`);
      return origin;
    };
    cacheContents?.used({id, variant});
    const use = await this.#options.cacheMounts.use({id, variant, sharing}, fill, signal);
    this.#held.push(() => use.release());
    return {type: 'cache', target, dir: use.path, source: '/', readonly};
  }

  async #fillCache(mount: CacheMount, directory: string): Promise<void> {
    const hasSource = mount.input >= 0;
    const view = hasSource ? ['view=1', ...(await this.#viewOf(mount.input, mount.source))] : [];
    const initial = hasSource ? ['action=copy', 'view=1', `source=${mount.source}`, 'destination=/'] : [];
    const own = ['action=attributes', 'path=/', `owner=${mount.uid}:${mount.gid}`];
    const helper = await this.#options.helper();
    await helper.request(
      'copy',
      [`upper=${directory}`, ...view, ...initial, ...own, `mode=${mount.mode.toString(8)}`],
      {signal: this.#context.signal},
    );
  }

  #prepareSecret(mount: Extract<ExecMount, {type: 'secret'}>): readonly PreparedMount[] {
    const secret = this.#options.secrets[mount.id];
    if (secret === undefined) {
      if (!mount.required) return [];
      throw buildError('user', 'exec-missing-secret', `secret ${mount.id}: not found`, {
        hints: [`give it with --secret id=${mount.id},src=FILE or --secret id=${mount.id},env=NAME`],
      });
    }
    this.secrets.push(secret);
    if (mount.env !== undefined) this.env.push(`${mount.env}=${Buffer.from(secret).toString()}`);
    if (mount.target === undefined) return [];
    const {target, mode, uid, gid} = mount;
    return [{type: 'text', target, content: secret, mode, uid, gid}];
  }

  async #prepareSsh(mount: Extract<ExecMount, {type: 'ssh'}>): Promise<readonly PreparedMount[]> {
    const {id, target, mode, uid, gid} = mount;
    const socket = await (await this.#options.agents()).listen(id);
    if (socket !== undefined) {
      this.#held.push(() => socket.close());
      return [{type: 'socket', target, socket: socket.path, mode, uid, gid}];
    }
    if (!mount.required) return [];
    throw buildError('user', 'exec-missing-ssh', `unset ssh forward key ${id}`, {
      hints: [`give it with --ssh ${id}${id === 'default' ? '' : '=SOCKET'} or --ssh ${id}=KEYFILE`],
    });
  }
}
