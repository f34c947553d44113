// What system and end-to-end tests need from Debian, fetched once before they start: as root with apt-get, so that
// a new machine runs them all; otherwise each test that misses something is skipped and says so.

import {ensurePackages} from '../../fixtures/base-images.mjs';

export function setup(): void {
  try {
    ensurePackages({
      'docker-registry': 'docker-registry',
      busybox: 'busybox-static',
      openssl: 'openssl',
      zstd: 'zstd',
      python3: 'python3',
      skopeo: 'skopeo',
      umoci: 'umoci',
      podman: 'podman',
      buildah: 'buildah',
    });
  } catch (error) {
    process.stderr.write(`some tests will be skipped: ${error instanceof Error ? error.message : error}\n`);
  }
}
