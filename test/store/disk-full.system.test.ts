// What is told of a program that failed: whether its disk was full.

import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {fullDiskHint} from '../../src/store/disk-full.ts';
import {needRoot, skip} from '../e2e/requirements.ts';

it('a disk is full when it has next to no bytes, or no more files', (test) => {
  needRoot(test);
  const folder = mkdtempSync(join(tmpdir(), 'tsbuild-disk-'));
  const options = 'size=40m,nr_inodes=4';
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'small', folder], {encoding: 'utf8'});
  try {
    if (mounted.status !== 0) skip(test, `a tmpfs cannot be mounted: ${mounted.stderr}`);
    expect(fullDiskHint(folder)).toBeUndefined();
    writeFileSync(join(folder, 'large'), Buffer.alloc(30 << 20));
    expect(fullDiskHint(folder)).toMatch(
      /no space is left on the disk of the state directory.*tsbuild prune/,
    );
    writeFileSync(join(folder, 'large'), '');
    expect(fullDiskHint(folder)).toBeUndefined();
    for (const name of ['a', 'b']) writeFileSync(join(folder, name), '');
    expect(fullDiskHint(folder)).toMatch(/no space is left/);
  } finally {
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, {recursive: true, force: true});
  }
});
