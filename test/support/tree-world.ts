// What tests of the helper's tree verbs stand on: a directory of their own, trees made from literals and read
// back as literals, the real binary called by hand, and a tar writer that is not ours.

import {execFileSync, spawnSync} from 'node:child_process';
import {
  type BigIntStats,
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {locateHelper} from '../../src/helper/locate-helper.ts';

/** Why the tests cannot run here, or undefined. With TSBUILD_SYSTEM_MUST_WORK=1 that is a failure, not a reason to skip. */
export function whyNoTrees(): string | undefined {
  const reason = findReason();
  if (reason !== undefined && process.env['TSBUILD_SYSTEM_MUST_WORK'] === '1') throw new Error(reason);
  if (reason !== undefined) process.stderr.write(`tests of tree verbs are skipped: ${reason}\n`);
  return reason;
}

function findReason(): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  if (!hasProgram('python3')) return 'there is no python3';
  if (!hasProgram('tar')) return 'there is no tar';
  return undefined;
}

export function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, name)));
}

/** Marks the running test as skipped, and says why where everybody sees it. */
export function skipBecause(context: {skip(note?: string): void}, reason: string): void {
  process.stderr.write(`skipped: ${reason}\n`);
  context.skip(reason);
}

export interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly result: Readonly<Record<string, string>>;
  /** The error line; empty on success. */
  readonly error: string;
}

interface Metadata {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds, or `seconds.nanoseconds` as text. */
  readonly mtime?: number;
}

/** A text is a file; `dir`, `link`, `hard`, `device` and `fifo` say what else it can be. */
export type Entry =
  | string
  | ({readonly file: string} & Metadata)
  | ({readonly dir: true} & Metadata)
  | ({readonly link: string} & Metadata)
  | {readonly hard: string}
  | ({readonly device: readonly ['c' | 'b', number, number]} & Metadata)
  | ({readonly fifo: true} & Metadata);

export type Tree = Readonly<Record<string, Entry>>;

export const whiteout: Entry = {device: ['c', 0, 0], mode: 0};
/** The time of everything that a literal tree does not date: long ago, so that new stamps are seen. */
export const longAgo = 1_000_000_000;

export class TreeWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'tsbuild-trees-'));
  readonly helper = locateHelper(process.env);
  #made = 0;

  constructor() {
    chmodSync(this.directory, 0o755);
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** A new directory with this tree in it. */
  tree(entries: Tree = {}): string {
    const root = this.path(`tree-${++this.#made}`);
    mkdirSync(root, {mode: 0o755});
    for (const [path, entry] of Object.entries(entries)) make(root, path, entry);
    // Making entries changed the times of their directories.
    for (const [path, entry] of Object.entries(entries).reverse()) {
      if (!(typeof entry === 'object' && 'hard' in entry)) stamp(join(root, path), entry);
    }
    return root;
  }

  file(content: Uint8Array | string): string {
    const path = this.path(`file-${++this.#made}`);
    writeFileSync(path, content);
    return path;
  }

  newPath(): string {
    return this.path(`new-${++this.#made}`);
  }

  run(verb: string, ...args: readonly string[]): Outcome {
    return this.runWith({}, verb, ...args);
  }

  runWith(
    options: {readonly input?: Uint8Array; readonly cwd?: string},
    verb: string,
    ...args: readonly string[]
  ): Outcome {
    const {status, stdout, stderr, error} = spawnSync(this.helper, [verb, ...args], {
      maxBuffer: 1 << 28,
      ...options,
    });
    if (error !== undefined) throw error;
    const lines = stderr.toString().split('\n');
    const fields = lines.filter((line) => line.startsWith('result: ')).map((line) => line.slice(8));
    return {
      code: status ?? -1,
      stdout,
      result: Object.fromEntries(fields.map((field) => field.split(/=(.*)/s).slice(0, 2))),
      error: lines
        .filter((line) => !line.startsWith('result: '))
        .join('\n')
        .trim(),
    };
  }

  /** Like run, of a request that must succeed. */
  ok(verb: string, ...args: readonly string[]): Outcome {
    const outcome = this.run(verb, ...args);
    if (outcome.code !== 0) throw new Error(`${verb} failed: ${outcome.error}`);
    return outcome;
  }

  dispose(): void {
    // Trees of 10,000 levels are too deep for Node.
    execFileSync('rm', ['-rf', this.directory]);
    rmSync(this.directory, {recursive: true, force: true});
  }
}

function make(root: string, path: string, entry: Entry): void {
  const at = join(root, path);
  mkdirSync(dirname(at), {recursive: true, mode: 0o755});
  if (typeof entry === 'string') {
    writeFileSync(at, entry, {mode: 0o644});
  } else if ('file' in entry) {
    writeFileSync(at, entry.file, {mode: 0o644});
  } else if ('dir' in entry) {
    mkdirSync(at, {recursive: true, mode: 0o755});
  } else if ('link' in entry) {
    symlinkSync(entry.link, at);
  } else if ('hard' in entry) {
    linkSync(join(root, entry.hard), at);
    return;
  } else if ('fifo' in entry) {
    execFileSync('mkfifo', [at]);
  } else {
    execFileSync('mknod', [at, ...entry.device.map(String)]);
  }
  if (typeof entry === 'object' && (entry.uid !== undefined || entry.gid !== undefined)) {
    lchownSync(at, entry.uid ?? 0, entry.gid ?? 0);
  }
  if (typeof entry === 'object' && entry.mode !== undefined) chmodSync(at, entry.mode);
}

function stamp(path: string, entry: Entry): void {
  const mtime = typeof entry === 'object' && 'mtime' in entry ? (entry.mtime ?? longAgo) : longAgo;
  // As a text: Node takes a negative number for "now".
  lutimesSync(path, String(mtime), String(mtime));
}

/** `f 0644 0:0 text`, `d 0755 0:0`, `l 0:0 -> target`, `c 0600 0:0 1,3`, `p 0644 0:0`; ` =N` marks names of one file. */
export function readTree(root: string, options: {readonly times?: boolean} = {}): Record<string, string> {
  const listed: Record<string, string> = {};
  const groups = new Map<bigint, number>();
  const walk = (path: string): void => {
    const names = readdirSync(join(root, path), {encoding: 'buffer'}).map((name) => name.toString('latin1'));
    for (const name of names.toSorted()) {
      const below = path === '' ? name : `${path}/${name}`;
      const status = lstatSync(Buffer.from(join(root, below), 'latin1'), {bigint: true});
      listed[below] = describeEntry(Buffer.from(join(root, below), 'latin1'), status, groups, options.times);
      if (status.isDirectory()) walk(below);
    }
  };
  walk('');
  return listed;
}

function describeEntry(
  path: Buffer,
  status: BigIntStats,
  groups: Map<bigint, number>,
  times: boolean | undefined,
): string {
  const mode = (status.mode & 0o7777n).toString(8).padStart(4, '0');
  const owner = `${status.uid}:${status.gid}`;
  const time = times === true ? ` @${status.mtimeNs / 1_000_000_000n}` : '';
  if (status.isDirectory()) return `d ${mode} ${owner}${time}`;
  if (status.isSymbolicLink()) return `l ${owner}${time} -> ${readlinkSync(path)}`;
  if (status.isFIFO()) return `p ${mode} ${owner}${time}`;
  if (!status.isFile()) {
    const letter = status.isCharacterDevice() ? 'c' : 'b';
    return `${letter} ${mode} ${owner}${time} ${(status.rdev >> 8n) & 0xfffn},${(status.rdev & 0xffn) | ((status.rdev >> 12n) & 0xfff00n)}`;
  }
  let group = '';
  if (status.nlink > 1n) {
    if (!groups.has(status.ino)) groups.set(status.ino, groups.size + 1);
    group = ` =${groups.get(status.ino)}`;
  }
  return `f ${mode} ${owner}${time} ${readFileSync(path, 'latin1')}${group}`;
}

/** Runs Python with `os`, `sys` and `tarfile` at hand; gives what it prints. */
export function python(script: string, ...args: readonly string[]): string {
  // Not the version managers' shims: they take longer than the script.
  const program = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
  return execFileSync(program, ['-c', `import os, sys, tarfile, io\n${script}`, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
}

export function setXattr(path: string, name: string, hex: string): void {
  python(
    'os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]), follow_symlinks=False)',
    path,
    name,
    hex,
  );
}

/** Hex of the value, or undefined. */
export function getXattr(path: string, name: string): string | undefined {
  const script = 'p, n = sys.argv[1:3]\nprint(os.getxattr(p, n).hex() if n in os.listxattr(p) else "-")';
  const text = python(script, path, name).trim();
  return text === '-' ? undefined : text;
}

/** cap_net_raw+ep, as struct vfs_cap_data. */
export const capability = '0100000200200000000000000000000000000000';
export const makeOpaque = (path: string): void => setXattr(path, 'trusted.overlay.opaque', '79');

export interface TarMember {
  readonly path: string;
  readonly type?: string;
  readonly text?: string;
  readonly link?: string;
  readonly device?: readonly [number, number];
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
}

/** An old-fashioned tar, also with paths that no decent program would write. */
export function tarOf(members: readonly TarMember[], options: {readonly end?: boolean} = {}): Buffer {
  const parts: Buffer[] = [];
  for (const member of members) {
    const data = Buffer.from(member.text ?? '');
    const block = Buffer.alloc(512);
    const octal = (value: number, width: number, at: number): void => {
      block.write(value.toString(8).padStart(width - 1, '0'), at);
    };
    block.write(member.path, 0, 'latin1');
    octal(member.mode ?? 0o644, 8, 100);
    octal(member.uid ?? 0, 8, 108);
    octal(member.gid ?? 0, 8, 116);
    octal(data.length, 12, 124);
    octal(member.mtime ?? longAgo, 12, 136);
    block.write(member.type ?? '0', 156);
    block.write(member.link ?? '', 157, 'latin1');
    if (member.device !== undefined) {
      octal(member.device[0], 8, 329);
      octal(member.device[1], 8, 337);
    }
    block.write('ustar\x0000', 257, 'latin1');
    block.fill(' ', 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    parts.push(block, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  if (options.end ?? true) parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}
