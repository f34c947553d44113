// `tsbuild doctor`.

import type {Command} from '../command.ts';
import {doctorFlags} from './flags.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  section: 'This machine',
  usage: ['[--format text|json]'],
  shortUsage: '',
  summary: 'say what this machine can and cannot do, and how to mend it',
  about:
    'Tries what builds need and could use: kernel, helper, user namespaces, overlay, sandboxes, the system call filter, limits, networks, emulators, the state directory, git, configuration, credential helpers. Says of each whether it works, why not, and what mends it. Changes nothing. Exit code: 0 when builds can run here, 3 when they cannot.',
  flags: doctorFlags,
  load: async () => {
    const {runDoctor} = await import('./doctor.ts');
    return ({flags, operands, io, interrupt}) => runDoctor(flags, operands, io, interrupt);
  },
};
