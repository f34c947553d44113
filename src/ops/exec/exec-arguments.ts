// ExecOp → arguments of the helper's `run` (docs/formats/helper-protocol.md). Pure.

import {defaultShmSizeBytes, type ExecOp} from '../../graph/op.ts';

export type TmpfsOption = 'ro' | 'noexec' | 'suid';

/** A mount of the op with everything on the host decided. */
export type PreparedMount =
  | {
      readonly type: 'bind';
      readonly target: string;
      readonly view: readonly string[];
      readonly source: string;
      readonly mode: 'readonly' | 'discard';
    }
  | {
      readonly type: 'cache';
      readonly target: string;
      readonly dir: string;
      readonly source: string;
      readonly readonly: boolean;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly sizeBytes: number;
      /** 1777 by default. */
      readonly mode?: number;
      /** Without any it can be written, programs on it run, and their setuid bits do not count. */
      readonly options?: readonly TmpfsOption[];
    }
  | {
      readonly type: 'text';
      readonly target: string;
      readonly content: Uint8Array;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'socket';
      readonly target: string;
      readonly socket: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

export function mountArguments(mount: PreparedMount): string[] {
  const head = [`mount=${mount.type}`, `target=${mount.target}`];
  switch (mount.type) {
    case 'bind':
      return [
        ...head,
        ...mount.view,
        `source=${mount.source}`,
        mount.mode === 'readonly' ? 'ro=1' : 'rw=discard',
      ];
    case 'cache':
      return [...head, `dir=${mount.dir}`, `source=${mount.source}`, ...(mount.readonly ? ['ro=1'] : [])];
    case 'tmpfs':
      return [
        ...head,
        ...(mount.sizeBytes > 0 ? [`size=${mount.sizeBytes}`] : []),
        ...(mount.mode === undefined ? [] : [`mode=${mount.mode.toString(8)}`]),
        ...(mount.options ?? []).map((option) => `${option}=1`),
      ];
    case 'text':
      return [
        ...head,
        // Hexadecimal, since an argument ends at its first NUL and a secret may be any bytes.
        `hex=${Buffer.from(mount.content).toString('hex')}`,
        ...attributeArguments(mount),
      ];
    case 'socket':
      return [...head, `dir=${mount.socket}`, ...attributeArguments(mount)];
  }
}

function attributeArguments(owned: {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}): string[] {
  return [`mode=${owned.mode.toString(8)}`, `uid=${owned.uid}`, `gid=${owned.gid}`];
}

/** What of an ExecOp is left when its inputs have become directories. */
export type SandboxProcess = Omit<ExecOp, 'kind' | 'mounts' | 'rootInput'>;

/** Everything of the process itself: what it runs, as whom, where, in which environment. */
export function processArguments(op: SandboxProcess, extraEnv: readonly string[]): string[] {
  return [
    ...op.args.map((arg) => `arg=${arg}`),
    ...[...op.env, ...op.proxyEnv, ...extraEnv].map((entry) => `env=${entry}`),
    `cwd=${op.cwd}`,
    `user=${op.user}`,
    `hostname=${op.hostname}`,
    ...(op.security === 'insecure' ? ['insecure=1'] : []),
    // Said, it would keep a step from the worker that waits for the next usual one.
    ...([0, defaultShmSizeBytes].includes(op.shmSizeBytes) ? [] : [`shmsize=${op.shmSizeBytes}`]),
    ...op.ulimits.map(({name, soft, hard}) => `ulimit=${name}:${soft}:${hard}`),
  ];
}
