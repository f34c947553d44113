// `tsbuild run` as data.

import type {DnsConfig} from '../../config/config.ts';
import type {ImageConfig} from '../../oci/image-config.ts';
import type {Platform} from '../../oci/platform.ts';
import type {PreparedMount} from '../../ops/exec/exec-arguments.ts';
import type {ResourceLimits} from '../../ops/exec/resource-limits.ts';
import type {EmitEvent} from '../../progress/events.ts';
import type {Attendance} from './attend.ts';
import type {RunRights} from './rights.ts';

export type RunMount =
  | {readonly type: 'bind'; readonly source: string; readonly target: string; readonly readonly: boolean}
  | Extract<PreparedMount, {type: 'tmpfs'}>
  /** What the image has there, writable, and forgotten afterwards. */
  | {readonly type: 'volume'; readonly target: string};

export interface RunRequest {
  /** A name, or the beginning of an image ID. */
  readonly image: string;
  /** Replaces CMD; empty: the image's. */
  readonly command: readonly string[];
  /** Undefined: the image's; '': none. */
  readonly entrypoint?: string;
  /** `K=V` sets, `K` takes away, in order. */
  readonly env: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly platform?: Platform;
  readonly pull: 'missing' | 'always' | 'never';
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly readonlyRoot: boolean;
  readonly mounts: readonly RunMount[];
  readonly network: 'default' | 'none' | 'host';
  /** Instead of the configuration's. */
  readonly dns: DnsConfig;
  readonly hostname: string;
  readonly extraHosts: readonly {readonly host: string; readonly address: string}[];
  readonly shmSizeBytes: number;
  readonly ulimits: readonly {readonly name: string; readonly soft: number; readonly hard: number}[];
  readonly limits: ResourceLimits;
  readonly rights: RunRights;
}

export interface RunOptions extends Attendance {
  /** State directory. */
  readonly root: string;
  readonly configFile?: string | undefined;
  readonly onImage: (config: ImageConfig) => void;
  /** Of a pull, if there is one. */
  readonly emit: EmitEvent;
}
