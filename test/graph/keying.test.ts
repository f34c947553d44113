// Forgetting to say whether a field counts is a compile error: the first half of this file is checked by tsc, the
// second says what the verdicts mean.

import {describe, expect, it} from 'vitest';
import {
  actionKeyings,
  execKeying,
  type extraHostKeying,
  type fileKeying,
  identityOf,
  type Keying,
  keyedFieldsOf,
  type mergeKeying,
  mountKeyings,
  type PartKeying,
  selectorOf,
  type sourceKeying,
} from '../../src/graph/keying.ts';
import type {
  CopyAction,
  ExecMount,
  ExecOp,
  FileAction,
  FileOp,
  MergeOp,
  Op,
  SourceOp,
} from '../../src/graph/op.ts';

/** The fields whose verdict could be left out unnoticed. */
type Forgettable<Table, Wanted> = {
  [F in keyof Table]: Omit<Table, F> extends Wanted ? F : never;
}[keyof Table];
type None<T> = [T] extends [never] ? true : false;
type Mount<T extends ExecMount['type']> = Extract<ExecMount, {type: T}>;
type Action<T extends FileAction['type']> = Extract<FileAction, {type: T}>;

interface Checked {
  readonly ops: {readonly [K in Op['kind']]: true};
  readonly mounts: {readonly [T in ExecMount['type']]: true};
  readonly actions: {readonly [T in FileAction['type']]: true};
  readonly extraHosts: true;
}

// Compiles only while every one of these types is `true`, and only while no kind is left out.
const checked: Checked = {
  ops: {
    source: true satisfies None<Forgettable<typeof sourceKeying, Keying<SourceOp>>>,
    exec: true satisfies None<Forgettable<typeof execKeying, Keying<ExecOp>>>,
    file: true satisfies None<Forgettable<typeof fileKeying, Keying<FileOp>>>,
    merge: true satisfies None<Forgettable<typeof mergeKeying, Keying<MergeOp>>>,
  },
  mounts: {
    bind: true satisfies None<Forgettable<typeof mountKeyings.bind, PartKeying<Mount<'bind'>>>>,
    cache: true satisfies None<Forgettable<typeof mountKeyings.cache, PartKeying<Mount<'cache'>>>>,
    tmpfs: true satisfies None<Forgettable<typeof mountKeyings.tmpfs, PartKeying<Mount<'tmpfs'>>>>,
    secret: true satisfies None<Forgettable<typeof mountKeyings.secret, PartKeying<Mount<'secret'>>>>,
    ssh: true satisfies None<Forgettable<typeof mountKeyings.ssh, PartKeying<Mount<'ssh'>>>>,
    text: true satisfies None<Forgettable<typeof mountKeyings.text, PartKeying<Mount<'text'>>>>,
  },
  actions: {
    copy: true satisfies None<Forgettable<typeof actionKeyings.copy, PartKeying<CopyAction>>>,
    'make-file': true satisfies None<
      Forgettable<(typeof actionKeyings)['make-file'], PartKeying<Action<'make-file'>>>
    >,
    'make-directory': true satisfies None<
      Forgettable<(typeof actionKeyings)['make-directory'], PartKeying<Action<'make-directory'>>>
    >,
  },
  extraHosts: true satisfies None<
    Forgettable<typeof extraHostKeying, PartKeying<ExecOp['extraHosts'][number]>>
  >,
};

/** What somebody would do who adds a field to an op. */
interface WiderExec extends ExecOp {
  readonly priority: number;
}
interface WiderCopy extends CopyAction {
  readonly sparse: boolean;
}

// @ts-expect-error the new field has no verdict
const forgottenField: Keying<WiderExec> = execKeying;
// @ts-expect-error the new field of an action has none either
const forgottenPart: PartKeying<WiderCopy> = actionKeyings.copy;
// @ts-expect-error a verdict is one of the known words
const unknownVerdict: Keying<FileOp> = {base: 'hashed', actions: 'sometimes'};
// @ts-expect-error whole fields of an op are hashed or ignored; only parts of them are read by content
const partVerdict: Keying<FileOp> = {base: 'hashed', actions: 'content'};
// @ts-expect-error a verdict about a field that is not there
const strayVerdict = {base: 'hashed', actions: 'hashed', parent: 'hashed'} as const satisfies Keying<FileOp>;

describe('the tables of verdicts', () => {
  it('cannot leave out a field of an op, a mount, an action or a host', () => {
    expect(Object.keys(checked.ops).toSorted()).toEqual(['exec', 'file', 'merge', 'source']);
    expect(Object.keys(checked.mounts).toSorted()).toEqual(Object.keys(mountKeyings).toSorted());
    expect(Object.keys(checked.actions).toSorted()).toEqual(Object.keys(actionKeyings).toSorted());
    expect([forgottenField, forgottenPart, unknownVerdict, partVerdict, strayVerdict]).toHaveLength(5);
  });
});

const exec: ExecOp = {
  kind: 'exec',
  args: ['make'],
  env: ['A=1'],
  cwd: '/',
  user: '',
  hostname: '',
  network: 'default',
  security: 'sandbox',
  mounts: [],
  extraHosts: [{host: 'mirror', address: '10.0.0.1'}],
  proxyEnv: [],
  shmSizeBytes: 0,
  ulimits: [],
  platform: {os: 'linux', architecture: 'amd64'},
  rootInput: 0,
};

const copy: CopyAction = {
  type: 'copy',
  input: 1,
  sources: [{path: 'src', wildcard: false}],
  destination: '/app/',
  unpack: false,
  parents: false,
  excludes: [],
};

function fileOp(action: Partial<CopyAction> = {}): FileOp {
  return {kind: 'file', base: 0, actions: [{...copy, ...action}]};
}

function withMount(mount: ExecMount): ExecOp {
  return {...exec, mounts: [mount]};
}

const cache: Mount<'cache'> = {
  type: 'cache',
  target: '/c',
  id: 'one',
  sharing: 'shared',
  readonly: false,
  mode: 0o755,
  uid: 0,
  gid: 0,
  input: -1,
  source: '',
};

describe('the key of an op', () => {
  it('changes with each hashed field of a step, and not with proxies and addresses', () => {
    const changes: Partial<ExecOp>[] = [
      {args: ['make', 'all']},
      {env: ['A=2']},
      {cwd: '/w'},
      {user: 'me'},
      {hostname: 'h'},
      {network: 'none'},
      {security: 'insecure'},
      {extraHosts: [{host: 'other', address: '10.0.0.1'}]},
      {shmSizeBytes: 1},
      {ulimits: [{name: 'nofile', soft: 1, hard: 1}]},
      {platform: {os: 'linux', architecture: 'arm64'}},
      {rootInput: -1},
      {mounts: [cache]},
    ];
    const keys = [exec, ...changes.map((change) => ({...exec, ...change}))].map(keyedFieldsOf);
    expect(new Set(keys).size).toBe(changes.length + 1);
    const same: Partial<ExecOp>[] = [
      {proxyEnv: ['HTTP_PROXY=http://p']},
      {extraHosts: [{host: 'mirror', address: '10.0.0.2'}]},
    ];
    for (const change of same) expect(keyedFieldsOf({...exec, ...change})).toBe(keyedFieldsOf(exec));
  });

  it('does not say which cache is mounted, but where and how', () => {
    const key = keyedFieldsOf(withMount(cache));
    expect(keyedFieldsOf(withMount({...cache, id: 'two', sharing: 'locked'}))).toBe(key);
    expect(keyedFieldsOf(withMount({...cache, target: '/d'}))).not.toBe(key);
    expect(keyedFieldsOf(withMount({...cache, readonly: true}))).not.toBe(key);
  });

  it('leaves the place of what is read to the content, and names it where the content is not known', () => {
    const renamed = fileOp({sources: [{path: 'source', wildcard: false}], excludes: ['*.md']});
    expect(keyedFieldsOf(renamed)).toBe(keyedFieldsOf(fileOp()));
    expect(selectorOf(renamed, 1)).not.toBe(selectorOf(fileOp(), 1));
    expect(identityOf(renamed)).not.toBe(identityOf(fileOp()));
    const bind = {type: 'bind', target: '/m', input: 1, source: 'a', readonly: true} as const;
    const moved = {...bind, source: 'b'};
    expect(keyedFieldsOf(withMount(moved))).toBe(keyedFieldsOf(withMount(bind)));
    expect(selectorOf(withMount(moved), 1)).not.toBe(selectorOf(withMount(bind), 1));
  });

  it('names the place in an input that it also stands on, which counts as a whole', () => {
    const own = fileOp({input: 0});
    expect(keyedFieldsOf(fileOp({input: 0, sources: [{path: 'b', wildcard: false}]}))).not.toBe(
      keyedFieldsOf(own),
    );
    const bind = {type: 'bind', target: '/m', input: 0, source: 'a', readonly: true} as const;
    expect(keyedFieldsOf(withMount({...bind, source: 'b'}))).not.toBe(keyedFieldsOf(withMount(bind)));
  });

  it('changes with everything that decides how files are written', () => {
    const changes: Partial<CopyAction>[] = [
      {destination: '/other/'},
      {owner: '1:1'},
      {mode: 0o600},
      {unpack: true},
      {parents: true},
      {createdSeconds: 1},
      {input: 2},
    ];
    const keys = [fileOp(), ...changes.map(fileOp)].map(keyedFieldsOf);
    expect(new Set(keys).size).toBe(changes.length + 1);
  });
});
