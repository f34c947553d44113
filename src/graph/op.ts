// What a vertex does, as data. The ops map one to one on BuildKit's LLB (pb.Op: source, exec, file, merge, diff)
// with the same field meanings. Input numbers index Vertex.inputs; -1 is an empty root file system (scratch).

import type {Platform} from '../oci/platform.ts';

export type Op = SourceOp | ExecOp | FileOp | MergeOp;

/** Brings something into the build. Identified by what it names, not by what it holds. */
export interface SourceOp {
  readonly kind: 'source';
  readonly source: ImageSource | LocalSource | HttpSource | GitSource;
}

export interface ImageSource {
  readonly type: 'image';
  /** Normalised reference with registry and tag or digest: `docker.io/library/busybox:latest`. */
  readonly reference: string;
  /** Digest of the platform's manifest, resolved during planning. The identity of this source. */
  readonly manifestDigest: string;
  readonly platform: Platform;
}

/** A directory of the host: the build context (`context`), or a named one. Read in place, content-keyed. */
export interface LocalSource {
  readonly type: 'local';
  /** Key into the request's local directories; never a host path. */
  readonly name: string;
}

export interface HttpSource {
  readonly type: 'http';
  readonly url: string;
  /** Expected digest of the body, `sha256:…`. */
  readonly checksum?: string;
  /** Name of the file it becomes in the source's root. */
  readonly filename: string;
}

export interface GitSource {
  readonly type: 'git';
  readonly remote: string;
  readonly ref?: string;
  readonly subdirectory?: string;
  readonly keepGitDirectory: boolean;
  /** `?submodules=false`; undefined: they are fetched. */
  readonly skipSubmodules?: boolean;
  /** Full commit, or a prefix of it, that the ref must resolve to. */
  readonly checksum?: string;
  /** The checksum is a full commit, and taken at its word: what the ref resolves to by now does not matter. */
  readonly fetchByCommit?: boolean;
  /** `checkout`: files are as new as the checkout; otherwise as the commit. */
  readonly mtime?: 'checkout' | 'commit';
}

/** Runs a process on top of input 0 (or scratch). The result is what it leaves in the root mount. */
/** Of /dev/shm, as docker's, and what a sandbox has without being asked (native/sandbox/rootfs.h). */
export const defaultShmSizeBytes = 64 * 1024 * 1024;

export interface ExecOp {
  readonly kind: 'exec';
  readonly args: readonly string[];
  /** `K=V`, in order; exactly what the process sees besides HOME when unset. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** As in USER: `name|uid[:group|gid]`, resolved against the root's /etc/passwd and /etc/group; '' is root. */
  readonly user: string;
  readonly hostname: string;
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly mounts: readonly ExecMount[];
  readonly extraHosts: readonly {readonly host: string; readonly address: string}[];
  /** Proxy variables (`HTTP_PROXY=…`): in the environment of the process, never in a key. */
  readonly proxyEnv: readonly string[];
  /** Size of /dev/shm in bytes; 0 is the default of 64 MiB. */
  readonly shmSizeBytes: number;
  readonly ulimits: readonly {readonly name: string; readonly soft: number; readonly hard: number}[];
  readonly platform: Platform;
  /** Root input; -1 is scratch. */
  readonly rootInput: number;
}

export type ExecMount =
  | {
      readonly type: 'bind';
      readonly target: string;
      /** -1: an empty directory. */
      readonly input: number;
      /** Path inside the input. */
      readonly source: string;
      readonly readonly: boolean;
    }
  | {
      readonly type: 'cache';
      readonly target: string;
      readonly id: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly readonly: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      /** Initial contents: path `source` of this input; -1 is empty. */
      readonly input: number;
      readonly source: string;
    }
  | {readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes: number}
  | {
      readonly type: 'secret';
      readonly id: string;
      /** Undefined: no file, only the environment variable. */
      readonly target?: string;
      readonly env?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A read-only file with the given text (a heredoc script with its own interpreter line), mode 0755. */
  | {readonly type: 'text'; readonly target: string; readonly text: string; readonly mode: number};

/** Changes files on top of input `base`: the actions apply in order and give one layer together. */
export interface FileOp {
  readonly kind: 'file';
  /** -1 is scratch. */
  readonly base: number;
  readonly actions: readonly FileAction[];
}

export type FileAction = CopyAction | MakeFileAction | MakeDirectoryAction;

/** `user[:group]`, names or numbers, resolved against the base's passwd and group files; undefined keeps. */
export type Owner = string;

export interface CopyAction {
  readonly type: 'copy';
  /** Where `sources` are. */
  readonly input: number;
  /** Paths or Go filepath.Match patterns below the input's root; leading `/` and `..` clamp to the root. */
  readonly sources: readonly CopySource[];
  /** Absolute path in the base; a trailing `/` means "a directory". Symlinks are followed inside the root. */
  readonly destination: string;
  /** Undefined: files of a local context are 0:0, all others keep their owner. */
  readonly owner?: Owner;
  /** Octal number or chmod(1) symbolic text. */
  readonly mode?: number | string;
  /** ADD of a local archive: unpack when the content is one. */
  readonly unpack: boolean;
  /** `--parents`: keep the source path below the destination, from the pivot `/./` on. */
  readonly parents: boolean;
  /** .dockerignore-style patterns relative to each source. */
  readonly excludes: readonly string[];
  /** Modification time in seconds for directories the copy itself creates; undefined: now. */
  readonly createdSeconds?: number;
}

export interface CopySource {
  readonly path: string;
  /** A pattern may match nothing; a literal path may not. */
  readonly wildcard: boolean;
}

export interface MakeFileAction {
  readonly type: 'make-file';
  /** Absolute; a trailing `/` or an existing directory takes `name`. */
  readonly destination: string;
  readonly name: string;
  readonly content: string;
  readonly owner?: Owner;
  readonly mode?: number | string;
  /** As for CopyAction, and for the file itself. */
  readonly createdSeconds?: number;
}

/** mkdir -p with mode 0755; created directories belong to `owner` (default 0:0). An existing one is untouched. */
export interface MakeDirectoryAction {
  readonly type: 'make-directory';
  readonly path: string;
  readonly owner?: Owner;
  /** An owner name that passwd does not know: an error, or (WORKDIR after USER, as BuildKit) root. */
  readonly unknownOwner: 'error' | 'root';
  /** Modification time in seconds of the directories it makes; undefined: now. */
  readonly createdSeconds?: number;
}

/** Stacks the layers of inputs 1… (each built on scratch) onto input 0, so that they survive a change of input 0. */
export interface MergeOp {
  readonly kind: 'merge';
}
