// The mounts that a process sees, as the kernel tells them.

export interface Mount {
  /** As it stands there: spaces and the like are octal escapes. */
  readonly place: string;
  readonly type: string;
  /** Of the mount itself, and of its file system. */
  readonly options: readonly string[];
  readonly superOptions: readonly string[];
}

/** Of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
export function mountsIn(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , place, options = ''] = before.split(' ');
    const [type = '', , superOptions = ''] = after.split(' ');
    if (place === undefined) return [];
    return [{place, type, options: options.split(','), superOptions: superOptions.split(',')}];
  });
}
