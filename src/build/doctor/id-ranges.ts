// Why a user namespace has one id only, and what gives it more: subordinate ids in /etc/subuid and /etc/subgid, and
// newuidmap and newgidmap that may map them (subuid(5), newuidmap(1)).

import {asRoot, type Host, isNested, mountAt, programOf, statusOf} from './host.ts';

export interface OneId {
  readonly why: string;
  readonly fix: string;
}

const rangeSize = 65536;
const firstOfRanges = 100_000;
const setUserId = 0o4000;

export function whyOneId(host: Host): OneId {
  if (host.uid === 0) {
    return {
      why: 'we are root of a user namespace that has no other (unshare -Ur?)',
      fix: 'start tsbuild outside of it: it makes one of its own, with subordinate ids',
    };
  }
  return withoutRange(host) ?? withoutProgram(host) ?? withoutRights(host) ?? refused(host);
}

interface Range {
  readonly owner: string;
  readonly first: number;
  readonly count: number;
}

function rangesIn(host: Host, file: string): Range[] {
  return host
    .text(file)
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length === 3 && fields.slice(1).every((field) => /^\d+\s*$/.test(field)))
    .map(([owner = '', first, count]) => ({owner, first: Number(first), count: Number(count)}));
}

function rangeOf(host: Host, file: string): Range | undefined {
  return rangesIn(host, file).find(({owner}) => owner === `${host.uid}` || owner === host.userName);
}

const rangeFiles = {uids: '/etc/subuid', gids: '/etc/subgid'} as const;

function withoutRange(host: Host): OneId | undefined {
  const lacking = Object.values(rangeFiles).filter((file) => rangeOf(host, file) === undefined);
  if (lacking.length === 0) return undefined;
  const who = host.userName ?? `user ${host.uid}`;
  // One that nobody has yet, in neither file.
  const all = Object.values(rangeFiles).flatMap((file) => rangesIn(host, file));
  const first = Math.max(firstOfRanges, ...all.map((range) => range.first + range.count));
  const last = first + rangeSize - 1;
  const name = host.userName ?? `user${host.uid}`;
  const ranges = lacking.map((file) => `--add-${file.slice('/etc/'.length)}s ${first}-${last}`).join(' ');
  // newuidmap wants its caller to have a name. useradd's own ranges are none, so that these are the only ones.
  const naming = `useradd --no-create-home --uid ${host.uid} -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 ${name} && `;
  const command = `${host.userName === undefined ? naming : ''}usermod ${ranges} ${name}`;
  const install = programOf(host, 'newuidmap') === undefined ? 'apt install uidmap && ' : '';
  return {why: `${who} has no range in ${lacking.join(' and ')}`, fix: asRoot(host, `${install}${command}`)};
}

function withoutProgram(host: Host): OneId | undefined {
  const lacking = ['newuidmap', 'newgidmap'].filter((name) => programOf(host, name) === undefined);
  if (lacking.length === 0) return undefined;
  return {why: `${listed(lacking)} not in PATH`, fix: asRoot(host, 'apt install uidmap')};
}

/** The programs are there, but have nothing of their rights. */
function withoutRights(host: Host): OneId | undefined {
  const programs = ['newuidmap', 'newgidmap'].map((name) => programOf(host, name) ?? name);
  const [first = ''] = programs;
  if (statusOf(host, 'NoNewPrivs') === '1') {
    return {
      why: 'this process can gain no rights (no_new_privs is set), so newuidmap has none',
      fix: 'start tsbuild without it: setpriv --no-new-privs, NoNewPrivileges= of systemd and --security-opt no-new-privileges of docker set it',
    };
  }
  const mount = mountAt(host, first);
  if (mount?.options.includes('nosuid')) {
    return {
      why: `${mount.place} is mounted nosuid, so ${first} has no rights`,
      fix: asRoot(host, `mount -o remount,bind,suid ${mount.place}`),
    };
  }
  const plain = programs.filter((path) => ((host.mode(path) ?? 0) & setUserId) === 0);
  if (plain.length === 0) return undefined;
  // File capabilities would do as well, and are what some distributions have; but then it would have worked.
  return {
    why: `${listed(plain)} not set-user-ID`,
    fix: asRoot(host, `apt install --reinstall uidmap (or chmod u+s ${plain.join(' ')})`),
  };
}

function listed(names: readonly string[]): string {
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'}`;
}

function refused(host: Host): OneId {
  const {first = 0, count = 0} = rangeOf(host, rangeFiles.uids) ?? {};
  const last = first + count - 1;
  if (isNested(host)) {
    return {
      why: `newuidmap refuses ${first}-${last} of /etc/subuid: are there such ids in this container?`,
      fix: 'give the container more ids, or the user a range that it has: cat /proc/self/uid_map shows them',
    };
  }
  return {
    why: `newuidmap refuses ${first}-${last} of /etc/subuid`,
    fix: `see what it says: unshare --user sleep 9 & newuidmap $! 0 ${host.uid} 1 1 ${first} ${count}`,
  };
}
