// The facts about this machine and this process that decide what mends something: who we are, what the kernel's files
// say. Read through an interface, so that a machine can be made up.

import {readFileSync, statSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {type Mount, mountsIn} from '../../util/mounts.ts';

export interface Host {
  readonly uid: number;
  /** Undefined when the user has no line in passwd(5). */
  readonly userName: string | undefined;
  readonly pid: number;
  readonly path: string;
  /** A file's text; '' when it cannot be read. */
  text(path: string): string;
  /** Type and permissions as stat(2) has them; undefined when there is nothing. */
  mode(path: string): number | undefined;
}

export function thisHost(environment: Readonly<Record<string, string | undefined>>): Host {
  return {
    uid: process.getuid?.() ?? 0,
    userName: nameOfUser(),
    // Of the shell that the user would move somewhere.
    pid: process.ppid,
    path: environment['PATH'] ?? '',
    text: (path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return '';
      }
    },
    mode: (path) => {
      try {
        return statSync(path).mode;
      } catch {
        return undefined;
      }
    },
  };
}

function nameOfUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Whether our user namespace is one that somebody made: not every id of the machine is in it. */
export function isNested(host: Host): boolean {
  const map = host.text('/proc/self/uid_map').trim();
  return map !== '' && !/^0\s+0\s+4294967295$/.test(map);
}

/** A command that only the root of the whole machine can give. */
export function asRoot(host: Host, command: string): string {
  if (host.uid !== 0) return `as root: ${command}`;
  return isNested(host) ? `as root of the host: ${command}` : command;
}

/** Of /proc/self/status. */
export function statusOf(host: Host, field: string): string {
  const line = host
    .text('/proc/self/status')
    .split('\n')
    .find((each) => each.startsWith(`${field}:`));
  return line?.slice(field.length + 1).trim() ?? '';
}

export function mountsOf(host: Host): readonly Mount[] {
  return mountsIn(host.text('/proc/self/mountinfo'));
}

/** The mount that a path is on. */
export function mountAt(host: Host, path: string): Mount | undefined {
  const below = mountsOf(host).filter(
    ({place}) => place === '/' || path === place || path.startsWith(`${place}/`),
  );
  return below.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.place.length >= best.place.length ? mount : best),
    undefined,
  );
}

/** Where a program is, by PATH, whether or not we may start it. */
export function programOf(host: Host, name: string): string | undefined {
  const candidates = host.path.split(':').filter((folder) => folder.startsWith('/'));
  return candidates.map((folder) => join(folder, name)).find((path) => isProgram(host.mode(path)));
}

function isProgram(mode: number | undefined): boolean {
  return mode !== undefined && (mode & 0o170000) === 0o100000 && (mode & 0o111) !== 0;
}
