// The commands that tests need, and the Debian packages they come from. As root with apt-get all of them are installed
// before the first test begins (globalSetup), so that a new machine runs every test, and none pays for that, or waits
// for another one's apt-get, in its own time; otherwise each test that misses something is skipped and says so.
// .ci/run calls this file as a program while npm is at work.

import {fileURLToPath} from 'node:url';
import {ensurePackages, which} from '../../fixtures/base-images.mjs';

export const packages = {
  buildah: 'buildah',
  busybox: 'busybox-static',
  bzip2: 'bzip2',
  chromium: 'chromium',
  'clang-tidy': 'clang-tidy',
  cppcheck: 'cppcheck',
  crun: 'crun',
  'docker-registry': 'docker-registry',
  dockerd: 'docker.io',
  gcc: 'gcc',
  git: 'git',
  ip: 'iproute2',
  iptables: 'iptables',
  make: 'make',
  mmdebstrap: 'mmdebstrap',
  newuidmap: 'uidmap',
  nft: 'nftables',
  openssl: 'openssl',
  podman: 'podman',
  python3: 'python3',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-system-x86_64': 'qemu-system-x86',
  runc: 'runc',
  setpriv: 'util-linux',
  skopeo: 'skopeo',
  slirp4netns: 'slirp4netns',
  'ssh-keygen': 'openssh-client',
  strace: 'strace',
  umoci: 'umoci',
  xz: 'xz-utils',
  zstd: 'zstd',
};

/** At once; what one package cannot be had for is no reason to be without the others. */
export function setup() {
  try {
    ensurePackages(packages);
  } catch {
    for (const [command, name] of Object.entries(packages)) {
      try {
        ensurePackages({[command]: name});
      } catch (error) {
        process.stderr.write(`tests that need ${command} are skipped: ${error.message.split('\n')[0]}\n`);
      }
    }
  }
}

/** Why commands of the table are not all there, or undefined. */
export function whyMissing(...commands) {
  for (const command of commands) {
    const name = packages[command];
    if (name === undefined) throw new Error(`test/support/packages.mjs has no package for ${command}`);
    if (which(command) === undefined) return `${command} is not installed (Debian package ${name})`;
  }
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
