// The flags of `tsbuild run`: docker run's everyday ones. The others are in docker-flags.ts.

import type {Flag} from '../../flags.ts';
import {limitFlags, runLimitFlags} from '../../limit-flags.ts';

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
  {name: 'network', value: 'MODE', group: 'Steps', help: 'default (bridge is the same), none or host'},
  {name: 'hostname', short: 'h', value: 'NAME', group: 'Steps', help: 'name of the machine inside'},
  {name: 'dns', value: 'IP', group: 'Steps', help: 'server that is asked for names (repeatable)'},
  {
    name: 'dns-search',
    value: 'DOMAIN',
    group: 'Steps',
    help: 'domain of short names; "." for none (repeatable)',
  },
  {name: 'dns-option', value: 'OPTION', group: 'Steps', help: 'option of resolv.conf(5) (repeatable)'},
  {name: 'add-host', value: 'HOST:IP', group: 'Steps', help: 'line for /etc/hosts (repeatable)'},
  {name: 'shm-size', value: 'BYTES', group: 'Steps', help: 'size of /dev/shm (default: 64m)'},
  {name: 'ulimit', value: 'NAME=SOFT[:HARD]', group: 'Steps', help: 'resource limit (repeatable)'},
  {
    name: 'group-add',
    value: 'GROUP',
    group: 'Steps',
    help: 'one more group of the user: a name of the image’s /etc/group, or a number (repeatable)',
  },
  {
    name: 'cap-drop',
    value: 'NAME',
    group: 'Steps',
    help: 'a capability that the process does without, or ALL (repeatable)',
  },
  {
    name: 'cap-add',
    value: 'NAME',
    group: 'Steps',
    help: 'one that it keeps nevertheless; none that a RUN step does not have (repeatable)',
  },
  {
    name: 'security-opt',
    value: 'OPTION',
    group: 'Steps',
    help: 'no-new-privileges: setuid programs give no rights (repeatable)',
  },
  {
    name: 'sysctl',
    value: 'NAME=VALUE',
    group: 'Steps',
    help: 'kernel parameter of the run’s own namespaces: net.*, fs.mqueue.*, kernel.shm*, kernel.msg*, kernel.sem (repeatable)',
  },
  {name: 'domainname', value: 'NAME', group: 'Steps', help: 'NIS domain name inside'},
  {
    name: 'oom-score-adj',
    value: 'N',
    group: 'Limits',
    help: 'how soon the kernel kills the process when the machine has no memory left: -1000 to 1000',
  },
  {
    name: 'oom-kill-disable',
    group: 'Limits',
    help: 'at the limit of --memory the process waits, and is not ended (cgroup v1)',
  },
  ...[...limitFlags, ...runLimitFlags].map(({name, short, value, help}): Flag => {
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
