// Rights of a run that differ from those of a step, and the arguments of the helper's `run` for them
// (docs/formats/helper-protocol.md). Pure.

export interface SysctlSetting {
  /** Below /proc/sys, and of a namespace that the run has for itself. */
  readonly path: string;
  readonly value: string;
}

/** What no step can ask for. */
export interface RunRights {
  /** Besides those of the user: names of the image's /etc/group, or numbers. */
  readonly groups: readonly string[];
  readonly sysctls: readonly SysctlSetting[];
  readonly domainname?: string;
  /** -1000 to 1000; undefined: the caller's. */
  readonly oomScore?: number;
  /** Of those that a step has, by number. */
  readonly droppedCapabilities: readonly number[];
  /** Set-user-ID programs and file capabilities have no effect. */
  readonly noNewPrivileges: boolean;
}

export function rightsArguments(rights: RunRights): string[] {
  const {domainname, oomScore} = rights;
  const dropped = rights.droppedCapabilities.reduce((bits, number) => bits + 2 ** number, 0);
  return [
    ...rights.groups.map((group) => `group=${group}`),
    ...rights.sysctls.map(({path, value}) => `sysctl=${path}:${value}`),
    ...(domainname === undefined ? [] : [`domainname=${domainname}`]),
    ...(oomScore === undefined ? [] : [`oomscore=${oomScore}`]),
    ...(dropped === 0 ? [] : [`drop=${dropped}`]),
    ...(rights.noNewPrivileges ? ['nonewprivs=1'] : []),
  ];
}
