// What docker run can ask for and no step can: groups, kernel parameters of the run's own namespaces, fewer rights.

import type {RunRights, SysctlSetting} from '../../../build/attended/rights.ts';
import type {ValueReader} from '../../value-reader.ts';
import type {Problem} from '../../values/problem.ts';
import {droppedCapabilities} from './capabilities.ts';

const oomScoreMax = 1000;

export function rightsOf(reader: ValueReader): RunRights {
  const domainname = reader.flags.last('domainname');
  const oomScore = oomScoreOf(reader);
  return {
    groups: reader.flags.all('group-add'),
    sysctls: lastOfEach(reader.each('sysctl', parseSysctl)),
    ...(domainname === undefined || domainname === '' ? {} : {domainname}),
    ...(oomScore === undefined ? {} : {oomScore}),
    droppedCapabilities: droppedCapabilities(reader),
    noNewPrivileges: withoutNewPrivileges(reader),
  };
}

function oomScoreOf(reader: ValueReader): number | undefined {
  const text = reader.flags.last('oom-score-adj');
  if (text === undefined) return undefined;
  const number = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(number) <= oomScoreMax) return number;
  reader.report(`--oom-score-adj expects a number, -${oomScoreMax} to ${oomScoreMax}, got "${text}"`);
  return undefined;
}

/** Of the ipc namespace; those of the network namespace and of mqueue are told by how they begin. */
const ofNamespaces: ReadonlySet<string> = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel/${name}`),
);

/**
 * `NAME=VALUE`, as sysctl(8) reads names: dots part them, and a slash stands for a dot in one, or the other way round
 * when a slash comes first.
 */
export function parseSysctl(text: string): SysctlSetting | Problem {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals)).trim();
  if (name === '') return {problem: `--sysctl expects NAME=VALUE, got "${text}"`};
  const isParted = (/[./]/.exec(name) ?? ['.'])[0] === '/';
  const path = isParted ? name : name.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\0:]/.test(path))
    return {problem: `--sysctl: "${name}" is no name of a kernel parameter`};
  const isOwn = /^(?:net|fs\/mqueue)\/./.test(path) || ofNamespaces.has(path);
  if (isOwn) return {path, value: text.slice(equals + 1)};
  return {
    problem: `--sysctl ${name} is not allowed: it is of the whole machine, and not of a run (net.*, fs.mqueue.*, kernel.shm*, kernel.msg*, kernel.sem are)`,
  };
}

function lastOfEach(settings: readonly SysctlSetting[]): readonly SysctlSetting[] {
  return [...new Map(settings.map((setting) => [setting.path, setting])).values()];
}

/** Values of --security-opt that ask for what is so: there is no profile of AppArmor or label of SELinux. */
const whatIsSo: ReadonlySet<string> = new Set(['seccomp=builtin', 'apparmor=unconfined', 'label=disable']);

function withoutNewPrivileges(reader: ValueReader): boolean {
  let isAsked = false;
  for (const text of reader.flags.all('security-opt')) {
    const option = text.includes('=') ? text : text.replace(':', '=');
    const match = /^no-new-privileges(?:=(true|false))?$/.exec(option);
    if (match !== null) isAsked = match[1] !== 'false';
    else if (!whatIsSo.has(option))
      reader.report(
        `--security-opt ${text} is not supported: what a run may do is what a RUN step may do, or with no-new-privileges less`,
      );
  }
  return isAsked;
}
