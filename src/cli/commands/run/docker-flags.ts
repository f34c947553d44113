// What docker run has besides: other words for our flags, those that change nothing here, and those that are refused,
// each by name.

import {contentTrust, type DockerFlag} from '../../docker-flags.ts';

const notKept = 'makes no sense here: a run is in the foreground and nothing of it is kept';
const rights = 'is not supported: what a run may do is what a RUN step may do';
const ownNetwork = 'is not supported: a run has a network of its own, with an address of its own';
const otherLimits = 'is not supported: tsbuild run --help lists the limits that are';
const windows = 'is not supported: it is for Windows containers';
const noHealth = 'is not supported: health checks are not run';
const output = 'is not supported: what the process writes is passed on, and not kept';

export const runDockerFlags: readonly DockerFlag[] = [
  {name: 'net', value: true, means: 'network'},
  {name: 'dns-opt', value: true, means: 'dns-option'},
  {name: 'init'},
  {name: 'label', short: 'l', value: true},
  {name: 'label-file', value: true},
  {name: 'annotation', value: true},
  {name: 'expose', value: true},
  {name: 'stop-timeout', value: true},
  {name: 'no-healthcheck'},
  contentTrust,
  {name: 'sig-proxy', refusal: 'cannot be switched off: signals are passed on', accepted: ['true']},
  {name: 'detach', short: 'd', refusal: notKept},
  {name: 'restart', value: true, refusal: notKept, accepted: ['no', '']},
  ...refused(notKept, ['name', 'cidfile', 'detach-keys', 'volumes-from', 'volume-driver', 'link']),
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
  ...refused(ownNetwork, ['ip', 'ip6', 'link-local-ip', 'mac-address', 'network-alias', 'net-alias']),
  {name: 'privileged', refusal: rights},
  {name: 'use-api-socket', refusal: rights},
  ...refused(rights, ['device', 'device-cgroup-rule', 'gpus']),
  ...['runtime', 'pid', 'userns', 'uts'].map((name) => {
    return {name, value: true, refusal: rights, accepted: ['']};
  }),
  {name: 'ipc', value: true, refusal: rights, accepted: ['', 'private', 'shareable']},
  {name: 'cgroupns', value: true, refusal: rights, accepted: ['', 'private']},
  ...refused(otherLimits, ['kernel-memory', 'cpu-rt-period', 'cpu-rt-runtime', 'storage-opt']),
  ...refused(noHealth, ['health-cmd', 'health-interval', 'health-retries', 'health-timeout']),
  ...refused(noHealth, ['health-start-period', 'health-start-interval']),
  {name: 'log-driver', value: true, refusal: output, accepted: ['', 'none']},
  ...refused(output, ['log-opt']),
  {name: 'isolation', value: true, refusal: windows, accepted: ['', 'default']},
  ...refused(windows, ['cpu-count', 'cpu-percent', 'io-maxbandwidth', 'io-maxiops']),
];

/** They all have values. */
function refused(refusal: string, names: readonly string[]): DockerFlag[] {
  return names.map((name) => ({name, value: true, refusal}));
}
