import {describe, expect, it} from 'vitest';
import {whyOneId} from '../../../src/build/doctor/id-ranges.ts';
import {hostOf, mountLine} from './made-up-host.ts';

const setUserId = {'/usr/bin/newuidmap': 0o104755, '/usr/bin/newgidmap': 0o104755};
const ranges = {'/etc/subuid': 'ann:165536:65536\n', '/etc/subgid': 'ann:165536:65536\n'};
const mounts = {'/proc/self/mountinfo': mountLine('/', 'ext4')};

describe('a user without a range', () => {
  it('gets one that nobody has, in the file that lacks it', () => {
    const others = {'/etc/subuid': 'bob:100000:65536\n# x\n', '/etc/subgid': 'ann:300000:65536\n'};
    expect(whyOneId(hostOf({userName: 'ann', texts: others, modes: setUserId}))).toEqual({
      why: 'ann has no range in /etc/subuid',
      fix: 'as root: usermod --add-subuids 365536-431071 ann',
    });
  });

  it('gets the programs in the same breath, and a name when it has none, without which newuidmap refuses', () => {
    expect(whyOneId(hostOf({uid: 54321}))).toEqual({
      why: 'user 54321 has no range in /etc/subuid and /etc/subgid',
      fix: 'as root: apt install uidmap && useradd --no-create-home --uid 54321 -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 user54321 && usermod --add-subuids 100000-165535 --add-subgids 100000-165535 user54321',
    });
  });
});

describe('a user with a range', () => {
  it.each([
    ['no programs', {}, {}, 'newuidmap and newgidmap are not in PATH', 'as root: apt install uidmap'],
    [
      'one program',
      {},
      {'/usr/bin/newuidmap': 0o104755},
      'newgidmap is not in PATH',
      'as root: apt install uidmap',
    ],
    [
      'programs of no rights',
      {},
      {...setUserId, '/usr/bin/newgidmap': 0o100755},
      '/usr/bin/newgidmap is not set-user-ID',
      'as root: apt install --reinstall uidmap (or chmod u+s /usr/bin/newgidmap)',
    ],
    [
      'a file system of no rights',
      {'/proc/self/mountinfo': mountLine('/', 'ext4') + mountLine('/usr', 'ext4', 'ro,nosuid')},
      setUserId,
      '/usr is mounted nosuid, so /usr/bin/newuidmap has no rights',
      'as root: mount -o remount,bind,suid /usr',
    ],
    [
      'no way to rights',
      {'/proc/self/status': 'Name:\tnode\nNoNewPrivs:\t1\n'},
      setUserId,
      'this process can gain no rights (no_new_privs is set), so newuidmap has none',
      expect.stringContaining('without it'),
    ],
    [
      'a refusal',
      {},
      setUserId,
      'newuidmap refuses 165536-231071 of /etc/subuid',
      expect.stringContaining('newuidmap $! 0 1000 1 1 165536 65536'),
    ],
    [
      'ids that the container does not have',
      {'/proc/self/uid_map': '0 100000 65536\n'},
      setUserId,
      expect.stringContaining('are there such ids in this container?'),
      expect.stringContaining('/proc/self/uid_map'),
    ],
  ])('and %s', (_, texts, modes, why, fix) => {
    const host = hostOf({userName: 'ann', texts: {...ranges, ...mounts, ...texts}, modes});
    expect(whyOneId(host)).toEqual({why, fix});
  });
});

it('root of a namespace with one id is told to leave it', () => {
  expect(whyOneId(hostOf({uid: 0})).why).toContain('unshare -Ur');
});
