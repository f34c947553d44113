// The flags of `tsbuild run`: docker run's everyday ones, and by name those that make no sense here.

import type {DockerFlag} from '../../docker-flags.ts';
import type {Flag} from '../../flags.ts';
import {limitFlags} from '../../limit-flags.ts';

export const runFlags: readonly Flag[] = [
  {name: 'interactive', short: 'i', group: 'Steps', help: 'standard input is for the process'},
  {name: 'tty', short: 't', group: 'Steps', help: 'the process has a terminal of its own'},
  {name: 'rm', group: 'Steps', help: 'nothing of a run is kept: always so'},
  {
    name: 'env',
    short: 'e',
    value: 'K[=V]',
    group: 'Steps',
    help: 'variable of the process; without =V it comes from the environment (repeatable)',
  },
  {
    name: 'env-file',
    value: 'FILE',
    group: 'Steps',
    help: 'variables from a file, one K=V a line (repeatable)',
  },
  {name: 'user', short: 'u', value: 'USER[:GROUP]', group: 'Steps', help: 'instead of the image’s USER'},
  {name: 'workdir', short: 'w', value: 'DIR', group: 'Steps', help: 'instead of the image’s WORKDIR'},
  {
    name: 'entrypoint',
    value: 'PROGRAM',
    group: 'Steps',
    help: 'instead of the image’s ENTRYPOINT; "" for none',
  },
  {
    name: 'volume',
    short: 'v',
    value: 'SRC:DST[:ro]',
    group: 'Steps',
    help: 'a directory or file of this machine in the sandbox (repeatable)',
  },
  {
    name: 'mount',
    value: 'SPEC',
    group: 'Steps',
    help: 'type=bind,src=PATH,dst=PATH[,readonly] or type=tmpfs,dst=PATH[,tmpfs-size=BYTES] (repeatable)',
  },
  {
    name: 'tmpfs',
    value: 'DST[:OPTION,…]',
    group: 'Steps',
    help: 'an empty directory in memory; size=, mode=, ro, exec, suid (repeatable)',
  },
  {name: 'read-only', group: 'Steps', help: 'the image’s files cannot be changed; volumes can'},
  {name: 'network', value: 'MODE', group: 'Steps', help: 'default, none or host'},
  {name: 'hostname', value: 'NAME', group: 'Steps', help: 'name of the machine inside'},
  {name: 'add-host', value: 'HOST:IP', group: 'Steps', help: 'line for /etc/hosts (repeatable)'},
  {name: 'shm-size', value: 'BYTES', group: 'Steps', help: 'size of /dev/shm (default: 64m)'},
  {name: 'ulimit', value: 'NAME=SOFT[:HARD]', group: 'Steps', help: 'resource limit (repeatable)'},
  ...limitFlags.map(({name, short, value, help}): Flag => {
    return {name, ...(short === undefined ? {} : {short}), value, group: 'Limits', help};
  }),
  {
    name: 'cpus',
    value: 'N',
    group: 'Limits',
    help: 'processors’ time, such as 1.5: --cpu-quota in periods of its default',
  },
  {name: 'cgroup-parent', value: 'PATH', group: 'Limits', help: 'where the control group of the run is made'},
  {
    name: 'stop-signal',
    value: 'SIGNAL',
    group: 'Steps',
    help: 'what the process gets for a SIGTERM to tsbuild',
  },
  {name: 'platform', value: 'OS/ARCH', group: 'Steps', help: 'of an image for several platforms'},
  {name: 'pull', value: 'WHEN', group: 'Steps', help: 'missing, always or never (default: missing)'},
  {name: 'quiet', short: 'q', group: 'Progress', help: 'no progress of a pull'},
];

const notKept = 'makes no sense here: a run is in the foreground and nothing of it is kept';
const rights = 'is not supported: what a run may do is what a RUN step may do';

/** Of docker run; an entry without a refusal changes nothing. */
export const runDockerFlags: readonly DockerFlag[] = [
  {name: 'init'},
  {name: 'label', short: 'l', value: true},
  {name: 'no-healthcheck'},
  {name: 'sig-proxy', refusal: 'cannot be switched off: signals are passed on', accepted: ['true']},
  {name: 'detach', short: 'd', refusal: notKept},
  {name: 'name', value: true, refusal: notKept},
  {name: 'restart', value: true, refusal: notKept, accepted: ['no', '']},
  {name: 'cidfile', value: true, refusal: notKept},
  {name: 'detach-keys', value: true, refusal: notKept},
  {name: 'attach', short: 'a', value: true, refusal: 'is not supported: all streams are attached'},
  {
    name: 'publish',
    short: 'p',
    value: true,
    refusal: 'is not supported: with --network host the ports of the process are this machine’s',
  },
  {
    name: 'publish-all',
    short: 'P',
    refusal: 'is not supported: with --network host the ports are this machine’s',
  },
  {name: 'privileged', refusal: rights},
  {name: 'cap-add', value: true, refusal: rights},
  {name: 'cap-drop', value: true, refusal: rights},
  {name: 'security-opt', value: true, refusal: rights},
  {name: 'device', value: true, refusal: rights},
  {name: 'gpus', value: true, refusal: rights},
  {name: 'pid', value: true, refusal: rights},
  {name: 'ipc', value: true, refusal: rights, accepted: ['private']},
  {name: 'userns', value: true, refusal: rights},
  {name: 'volumes-from', value: true, refusal: notKept},
  {name: 'link', value: true, refusal: notKept},
];
