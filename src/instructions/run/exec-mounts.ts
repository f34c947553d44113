// --mount options as mounts of the process: where each reads from, defaults filled in, targets absolute. In order of
// target, so that a mount inside another comes after it.

import type {ExecMount} from '../../graph/op.ts';
import {ownValue} from '../../plan/build-args.ts';
import type {InputList} from '../../plan/graph-builder.ts';
import type {ReferencedSource} from '../../plan/instruction-lowering.ts';
import {cleanAbsolute, mountTargetIn} from '../../plan/paths.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';
import type {StageState} from '../../plan/stage-state.ts';
import {byteOrder} from '../../util/byte-order.ts';
import {csvFields} from './csv-fields.ts';
import type {Mount} from './mount.ts';

const cacheMode = 0o755;
const secretMode = 0o400;
const socketMode = 0o600;

/** The stage, context or image a mount reads from: the one option that is read before variables have values. */
export function mountSource(value: string): string | undefined {
  const fields = csvFields(value);
  if ('error' in fields) throw new PlanProblem('plan-mount', `failed to parse csv mounts: ${fields.error}`);
  // It has no source, and says so when it is read: a `from` that leads nowhere is not looked for.
  if (/^secret$/i.test(lastOf(fields, 'type') ?? '')) return undefined;
  const from = lastOf(fields, 'from');
  return from === '' ? undefined : from;
}

function lastOf(fields: readonly string[], key: string): string | undefined {
  const start = `${key}=`;
  return fields.findLast((field) => field.toLowerCase().startsWith(start))?.slice(start.length);
}

/** Where SSH_AUTH_SOCK leads, given or not: to the first agent that is asked for. */
export function agentSocketOf(mounts: readonly Mount[], stage: StageState): string | undefined {
  const first = mounts.find((mount) => mount.type === 'ssh');
  return first === undefined ? undefined : socketTarget(first, 0, stage);
}

export function execMounts(
  mounts: readonly Mount[],
  sources: readonly (ReferencedSource | undefined)[],
  stage: StageState,
  inputs: InputList,
): readonly ExecMount[] {
  const sockets = mounts.filter((mount) => mount.type === 'ssh');
  const made = mounts.map((mount, index) => {
    const hasSource = mount.from !== undefined && mount.from !== '';
    const source = hasSource ? sources[index] : undefined;
    if (source !== undefined && !source.defined) {
      const message =
        `cannot mount from stage ${JSON.stringify(source.name)} to ${JSON.stringify(mount.target ?? '')}, ` +
        'stage needs to be defined before current command';
      throw new PlanProblem('plan-stage-order', message);
    }
    return execMount(mount, source, stage, inputs, sockets.indexOf(mount));
  });
  return made.sort((a, b) => byteOrder(a.target ?? '', b.target ?? ''));
}

function execMount(
  mount: Mount,
  source: ReferencedSource | undefined,
  stage: StageState,
  inputs: InputList,
  socketIndex: number,
): ExecMount {
  switch (mount.type) {
    case 'bind':
      return bindMount(mount, source, stage, inputs);
    case 'cache':
      return cacheMount(mount, source, stage, inputs);
    case 'tmpfs':
      return {type: 'tmpfs', target: targetOf(mount, stage), sizeBytes: mount.sizeBytes ?? 0};
    case 'secret':
      return secretMount(mount, stage);
    case 'ssh':
      return socketMount(mount, socketIndex, stage);
  }
}

function bindMount(
  mount: Mount,
  source: ReferencedSource | undefined,
  stage: StageState,
  inputs: InputList,
): ExecMount {
  const target = targetOf(mount, stage);
  const vertex = source === undefined ? stage.buildContext() : source.vertex;
  return {
    type: 'bind',
    target,
    input: inputs.indexOf(vertex),
    source: cleanAbsolute(mount.source ?? ''),
    readonly: mount.readonly,
  };
}

function cacheMount(
  mount: Mount,
  source: ReferencedSource | undefined,
  stage: StageState,
  inputs: InputList,
): ExecMount {
  const target = targetOf(mount, stage);
  const namespace = ownValue(stage.scope.buildArgs, 'BUILDKIT_CACHE_MOUNT_NS') ?? '';
  const id = mount.id === undefined || mount.id === '' ? cleanTarget(mount.target ?? '') : mount.id;
  const path = cleanAbsolute(mount.source ?? '');
  if (path !== '/' && (source === undefined || source.vertex === undefined)) {
    const message = `${JSON.stringify(path)}: not found, since a cache without "from" starts empty`;
    throw new PlanProblem('plan-mount', message, ['"source" is a path in what "from" names']);
  }
  // Owner and mode are of the directory a cache starts with; with a `source` that is what stands there.
  const own = path === '/' ? mount : undefined;
  return {
    type: 'cache',
    target,
    id: namespace === '' ? id : `${namespace}/${id}`,
    sharing: mount.sharing ?? 'shared',
    readonly: mount.readonly,
    mode: own?.mode ?? cacheMode,
    uid: own?.uid ?? 0,
    gid: own?.gid ?? 0,
    input: inputs.indexOf(source?.vertex),
    source: path,
  };
}

function secretMount(mount: Mount, stage: StageState): ExecMount {
  const target = mount.target ?? '';
  const named = mount.source ?? mount.id ?? '';
  const id = named === '' ? baseName(target) : named;
  if (id === '') throw new PlanProblem('plan-mount', 'one of source, target required');
  const file = target === '' && mount.env === undefined ? `/run/secrets/${baseName(id)}` : target;
  return {
    type: 'secret',
    id,
    ...(file === '' ? {} : {target: mountTargetIn(stage.workdir, file)}),
    ...(mount.env === undefined ? {} : {env: mount.env}),
    required: mount.required,
    mode: mount.mode ?? secretMode,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
  };
}

function socketMount(mount: Mount, index: number, stage: StageState): ExecMount {
  if (mount.source !== undefined && mount.source !== '') {
    throw new PlanProblem('plan-mount', 'ssh does not support source');
  }
  return {
    type: 'ssh',
    id: mount.id === undefined || mount.id === '' ? 'default' : mount.id,
    target: socketTarget(mount, index, stage),
    required: mount.required,
    mode: mount.mode ?? socketMode,
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
  };
}

function socketTarget({target = ''}: Mount, index: number, stage: StageState): string {
  return target === '' ? `/run/buildkit/ssh_agent.${index}` : mountTargetIn(stage.workdir, target);
}

function targetOf(mount: Mount, stage: StageState): string {
  const target = mountTargetIn(stage.workdir, mount.target ?? '');
  if (target === '/') {
    throw new PlanProblem('plan-mount', 'invalid mount target "/"', [
      'say where it is mounted: target=/path',
    ]);
  }
  return target;
}

/** Go's path.Clean, which leaves a relative path relative. */
function cleanTarget(target: string): string {
  return target.startsWith('/') ? cleanAbsolute(target) : cleanAbsolute(target).slice(1);
}

function baseName(path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? '';
}
