// --cap-drop and --cap-add as docker weighs them against each other. Nothing is added to what a RUN step has, so
// --cap-add only says which of the dropped ones stay.

import {dockerCapabilities} from '../../../seccomp/docker-capabilities.ts';
import type {ValueReader} from '../../value-reader.ts';
import type {Problem} from '../../values/problem.ts';

/** By number (linux/capability.h). */
const all =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT ' +
  'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP ' +
  'MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE';
const numbers: ReadonlyMap<string, number> = new Map(all.split(' ').map((name, number) => [name, number]));

/** Numbers of those of the usual ones that the run does without. */
export function droppedCapabilities(reader: ValueReader): readonly number[] {
  const dropped = named(reader, 'cap-drop');
  const added = named(reader, 'cap-add');
  for (const name of added)
    if (!dockerCapabilities.includes(name)) {
      const most = 'what a run may do is at most what a RUN step may do';
      reader.report(`--cap-add ${name} is not supported: ${most}, ${dockerCapabilities.join(', ')}`);
    }
  const isDropped = (name: string): boolean => dropped.includes('ALL') || dropped.includes(name);
  return dockerCapabilities
    .filter((name) => isDropped(name) && !added.includes(name))
    .flatMap((name) => numbers.get(name) ?? []);
}

/** Without `CAP_`, which is as good as with it, and in capitals. */
function named(reader: ValueReader, flag: string): readonly string[] {
  return reader.each<string>(flag, (text): string | Problem => {
    const name = text.toUpperCase().replace(/^CAP_/, '');
    if (numbers.has(name) || text.toUpperCase() === 'ALL') return name;
    return {problem: `--${flag}: unknown capability "${text}"`};
  });
}
