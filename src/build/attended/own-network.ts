// Kernel parameters of a network that a run has for itself, as docker sets them: whoever is not root in there may
// listen at every port and send pings. BuildKit sets neither for a RUN step, so a step has what the kernel gives.

import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {SysctlSetting} from './rights.ts';

export interface NetworkHost {
  /** What this kernel has, by its path below /proc/sys. */
  readonly hasParameter: (path: string) => boolean;
  /** In a user namespace there are no groups for the whole range, and the kernel refuses it. */
  readonly isInUserNamespace: boolean;
}

export const ownNetworkSettings: readonly SysctlSetting[] = [
  {path: 'net/ipv4/ip_unprivileged_port_start', value: '0'},
  {path: 'net/ipv4/ping_group_range', value: '0 2147483647'},
];

/** Before those that flags set, which take their place. */
export function withOwnNetwork(set: readonly SysctlSetting[], host: NetworkHost): readonly SysctlSetting[] {
  const ours = ownNetworkSettings.filter(
    ({path}) =>
      host.hasParameter(path) &&
      !(host.isInUserNamespace && path === 'net/ipv4/ping_group_range') &&
      !set.some((other) => other.path === path),
  );
  return [...ours, ...set];
}

/** Of this process: as an ordinary user, it gets a user namespace for the run. */
export function networkHost(): NetworkHost {
  return {
    hasParameter: (path) => existsSync(join('/proc/sys', path)),
    isInUserNamespace: process.geteuid?.() !== 0 || !hasAllIds('/proc/self/gid_map'),
  };
}

function hasAllIds(map: string): boolean {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync(map, 'utf8'));
  } catch {
    return true;
  }
}
