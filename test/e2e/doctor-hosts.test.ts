// `tsbuild doctor` on hosts that lack something: each is made in a mount namespace, or in user namespaces, and must be
// told of with the reason and the command that mends it. Never a crash, whatever is missing.

import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, type TestContext} from 'vitest';
import type {DoctorReport, Finding} from '../../src/build/doctor/report.ts';
import {assertBuilt, type Run, type RunOptions, type Workspace, workspaceWithBases} from './command.ts';
import {asOrdinaryUser, ownState, withoutUserNamespaces} from './ordinary-user.ts';
import {needCommand, needRoot} from './requirements.ts';

let space: Workspace;

beforeAll(async () => {
  assertBuilt();
  space = await workspaceWithBases();
});
afterAll(() => space?.[Symbol.asyncDispose]());

interface Examined {
  readonly run: Run;
  readonly of: (name: string) => Finding | undefined;
}

let hosts = 0;

/** On a machine as `setup` leaves it; $RANGE is a file with a range of ids for the ordinary user. */
async function examine(
  test: TestContext,
  who: 'root' | 'user',
  setup: string,
  inside: readonly string[] = [],
): Promise<Examined> {
  needRoot(test);
  const user = who === 'user' ? asOrdinaryUser(test) : undefined;
  hosts += 1;
  const root = user === undefined ? space.root : await ownState(space, user, `host-${hosts}`);
  const range = join(space.folder, 'range');
  writeFileSync(range, '54321:200000:65536\n');
  const script = `mount --make-rprivate / && ${setup}\nexec "$@"`;
  const machine = ['unshare', '-m', 'env', `RANGE=${range}`, 'sh', '-e', '-c', script, 'sh'];
  const wrapper = [...machine, ...(user?.wrapper ?? []), ...inside];
  return examined({root, ...user, wrapper});
}

async function examined(options: RunOptions): Promise<Examined> {
  const run = await space.run(['doctor', '--format', 'json'], options);
  expect(run.stderr).toBe('');
  const report = JSON.parse(run.stdout.toString()) as DoctorReport;
  expect(run.code).toBe(report.ok ? 0 : 3);
  for (const {name, state, fix} of report.findings)
    expect([name, state === 'ok' || fix !== undefined]).toEqual([name, true]);
  return {run, of: (name) => report.findings.find((each) => each.name === name)};
}

const withRange = 'for f in subuid subgid; do mount --bind $RANGE /etc/$f; done';
const map = '$(command -v newuidmap)';

describe('an ordinary user with one id is told why', () => {
  it.for([
    [
      'nobody gave it a range',
      'true',
      /no range in \/etc\/subuid and \/etc\/subgid/,
      /^as root: useradd .*--uid 54321 .* && usermod --add-subuids \d+-\d+ --add-subgids \d+-\d+ user54321$/,
    ],
    [
      'there is no newuidmap',
      `mount --bind /dev/null ${map}`,
      /newuidmap is not in PATH/,
      /apt install uidmap$/,
    ],
    [
      'newuidmap is an ordinary program',
      `cp ${map} $RANGE.map; chmod 755 $RANGE.map; mount --bind $RANGE.map ${map}`,
      /newuidmap is not set-user-ID/,
      /--reinstall uidmap/,
    ],
    [
      'newuidmap is where programs get no rights',
      'mount --bind /usr /usr; mount -o remount,bind,nosuid /usr',
      /\/usr is mounted nosuid/,
      /remount,bind,suid \/usr$/,
    ],
  ] as const)('%s', async ([name, setup, why, fix], test) => {
    needCommand(test, 'newuidmap');
    const ranged = name === 'nobody gave it a range' ? setup : `${withRange}; ${setup}`;
    const ids = (await examine(test, 'user', ranged)).of('user namespace');
    expect([ids?.state, ids?.detail, ids?.fix]).toEqual([
      'warning',
      expect.stringMatching(why),
      expect.stringMatching(fix),
    ]);
  });

  it('this process may gain no rights', async (test) => {
    needCommand(test, 'newuidmap');
    const {of} = await examine(test, 'user', withRange, ['setpriv', '--no-new-privs']);
    expect(of('user namespace')?.detail).toContain('no_new_privs');
  });
});

describe('namespaces that are switched off', () => {
  it('are of users', async (test) => {
    const user = withoutUserNamespaces(test);
    const root = await ownState(space, user, 'shut');
    const {run, of} = await examined({root, ...user});
    expect(run.code).toBe(3);
    expect(of('user namespace')).toMatchObject({
      state: 'missing',
      fix: 'as root: sysctl -w user.max_user_namespaces=28633',
    });
  });

  it.for(['mnt', 'net'])('are of kind %s', async (kind, test) => {
    const shut = `echo 0 > /proc/sys/user/max_${kind}_namespaces; exec "$@"`;
    const inside = ['unshare', '-Urm', 'sh', '-c', shut, 'sh'];
    const {run, of} = await examine(test, 'user', 'true', inside);
    const missing = [of('user namespace'), of('sandbox')].find((found) => found?.state === 'missing');
    expect([run.code, missing?.detail, missing?.fix]).toEqual([
      3,
      expect.stringContaining(`user.max_${kind}_namespaces is 0`),
      expect.stringContaining(`sysctl -w user.max_${kind}_namespaces=28633`),
    ]);
  });
});

describe('inside of a user namespace that somebody else made', () => {
  const busybox = 'FROM busybox\nRUN id -u > /uid\nRUN touch /a && test -f /uid\n';

  it('with one id and the mounts of the host, builds run, and the one id is told of', async (test) => {
    const {run, of} = await examine(test, 'user', 'true', ['unshare', '-Ur']);
    expect([run.code, of('overlay')?.state, of('sandbox')?.state]).toEqual([0, 'ok', 'ok']);
    expect(of('user namespace')).toMatchObject({state: 'warning', fix: expect.stringContaining('outside')});
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'nested-build');
    const context = await space.context({Dockerfile: busybox});
    const wrapper = [...user.wrapper, 'unshare', '-Ur'];
    const built = await space.build([context], {root, ...user, wrapper});
    expect(built.stderr).toContain('sandbox-one-id');
  });

  it('without a network device of its own, the network is as an ordinary user’s', async (test) => {
    needCommand(test, 'slirp4netns');
    const setup = 'mount -t tmpfs none /dev/net';
    const {of} = await examine(test, 'user', setup, ['unshare', '-Ur']);
    expect(of('network')).toMatchObject({
      state: 'warning',
      fix: expect.stringContaining('/dev/net/tun c 10 200'),
    });
  });
});

it('a root without capabilities is in a container, and told what it needs there', async (test) => {
  const less = '-sys_admin,-net_admin,-sys_ptrace';
  const {run, of} = await examine(test, 'root', 'true', [
    'setpriv',
    `--bounding-set=${less}`,
    `--inh-caps=${less}`,
  ]);
  expect(run.code).toBe(3);
  expect(of('user namespace')).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('CAP_SYS_ADMIN'),
    fix: expect.stringContaining('docker run --privileged'),
  });
});

it('what hides a part of /proc from an ordinary user is named', async (test) => {
  const {run, of} = await examine(test, 'user', 'mount --bind /dev/null /proc/keys');
  expect(run.code).toBe(3);
  expect(of('sandbox')?.fix).toMatch(/systempaths=unconfined.*umount \/proc\/keys$/);
});

it('a state directory on overlay is no place for layers', async (test) => {
  const setup = `mkdir $RANGE.d; mount -t tmpfs none $RANGE.d; mkdir $RANGE.d/u $RANGE.d/w ${space.root}
    mount -t overlay none -o lowerdir=/srv,upperdir=$RANGE.d/u,workdir=$RANGE.d/w ${space.root}`;
  const {run, of} = await examine(test, 'root', setup);
  expect([run.code, of('overlay')?.detail]).toEqual([
    3,
    expect.stringMatching(/invalid argument; it is overlay$/),
  ]);
});

describe('what is missing besides', () => {
  it('devices: an ordinary user’s sandboxes have those of the machine', async (test) => {
    const dev = `mkdir $RANGE.dev; mount -t tmpfs none $RANGE.dev
      for n in null zero random urandom tty; do touch $RANGE.dev/$n; mount --bind /dev/$n $RANGE.dev/$n; done
      mount --rbind $RANGE.dev /dev`;
    const {run, of} = await examine(test, 'user', dev);
    const fix = 'as root: mknod -m 666 /dev/full c 1 7';
    expect(run.code).toBe(3);
    expect([of('devices'), of('sandbox')]).toMatchObject([
      {state: 'missing', detail: 'no /dev/full', fix},
      {state: 'missing', fix},
    ]);
  });

  it('open files', async (test) => {
    const {run, of} = await examine(test, 'root', 'ulimit -n 64');
    expect([run.code, of('open files')?.state]).toEqual([0, 'warning']);
  });

  it('a place for temporary files', async (test) => {
    const {run, of} = await examine(
      test,
      'root',
      'mount -t tmpfs -o ro none /var/tmp; export TMPDIR=/var/tmp',
    );
    expect([run.code, of('sandbox')?.state]).toEqual([0, 'ok']);
  });

  it('slirp4netns', async (test) => {
    needCommand(test, 'slirp4netns');
    const {of} = await examine(test, 'user', 'mount --bind /dev/null $(command -v slirp4netns)');
    expect(of('network')).toMatchObject({state: 'warning', fix: 'as root: apt install slirp4netns'});
  });
});

describe('control groups', () => {
  it.for([
    [
      'read-only',
      "for m in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts); do mount -o remount,bind,ro $m; done",
      /remount,bind,rw/,
    ],
    ['not mounted', 'umount -R /sys/fs/cgroup', /mount -t cgroup/],
  ] as const)('that are %s set no limits', async ([, setup, fix], test) => {
    const {run, of} = await examine(test, 'root', setup);
    expect([run.code, of('limits')?.state, of('limits')?.fix]).toEqual([
      0,
      'warning',
      expect.stringMatching(fix),
    ]);
  });

  it('without the one of block devices limit the rest, and its command brings it back', async (test) => {
    if (!existsSync('/sys/fs/cgroup/blkio')) test.skip('it is mounted on its own with version 1 only');
    const {of} = await examine(test, 'root', 'umount /sys/fs/cgroup/blkio');
    const fix = of('limits')?.fix ?? '';
    expect([of('limits')?.state, of('limits')?.detail, fix]).toEqual([
      'warning',
      expect.stringMatching(/^memory, cpu, cpuset, pids work; blkio: this system has no io controller/),
      expect.stringContaining('mount -t cgroup -o blkio'),
    ]);
    const mended = await examine(test, 'root', `umount /sys/fs/cgroup/blkio; ${fix}`);
    expect(mended.of('limits')).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/^cgroups: memory, cpu, cpuset, pids, blkio/),
    });
  });

  it('can be given to an ordinary user by the command that is told', async (test) => {
    needRoot(test);
    const user = asOrdinaryUser(test);
    const root = await ownState(space, user, 'delegated');
    const fixOf = `JSON.parse(require("fs").readFileSync(0)).findings.find(({name}) => name === "limits").fix`;
    // Root tries the command on this shell; afterwards it goes back to where it was.
    const script = `cat /proc/self/cgroup > $RANGE.before; "$@" > $RANGE.report
      fix=$(node -p '${fixOf}' < $RANGE.report)
      case $fix in "as root: "*) sh -e -c "\${fix#as root: }" && "$@";; *) cat $RANGE.report;; esac
      while IFS=: read -r _ controllers group; do
        for place in /sys/fs/cgroup/$controllers /sys/fs/cgroup; do
          [ ! -e $place/tsbuild/cgroup.procs ] || echo $$ > $place/$group/cgroup.procs
          rmdir $place/tsbuild/tsbuild-caller $place/tsbuild 2> /dev/null || true
        done
      done < $RANGE.before`;
    const range = join(space.folder, 'range');
    const wrapper = ['env', `RANGE=${range}`, 'sh', '-c', script, 'sh', ...user.wrapper];
    const {of} = await examined({root, ...user, wrapper});
    const limits = of('limits');
    expect(limits?.state === 'ok' || limits?.fix?.includes('systemd-run')).toBe(true);
  });
});
