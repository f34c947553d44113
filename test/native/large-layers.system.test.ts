// Layers of many entries and of large files take the memory of small ones. Python measures: it waits for the helper and
// is told by the kernel the most that any process of it had. TSBUILD_SOAK=1 makes them really large.

import {execFileSync} from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {python, TreeWorld, whyNoTrees} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

const isSoak = process.env['TSBUILD_SOAK'] === '1';
const mebibyte = 1 << 20;

/** In mebibytes. */
function memoryOf(...args: readonly string[]): number {
  const script = `
import resource, subprocess
run = subprocess.run(sys.argv[1:], capture_output=True)
assert run.returncode == 0, run.stderr
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)`;
  return Number(python(script, locateHelper(process.env), ...args));
}

describe.skipIf(whyNoTrees() !== undefined)('memory', () => {
  const size = (isSoak ? 10_240 : 128) * mebibyte;

  test.each(['gzip', 'estargz', 'none'])(
    'does not grow with a file that is packed with %s',
    (compression) => {
      const layer = world.tree({large: ''});
      truncateSync(join(layer, 'large'), size);
      const blob = isSoak && compression === 'none' ? '/dev/null' : world.newPath();
      expect(memoryOf('pack', `layer=${layer}`, `out=${blob}`, `compress=${compression}`)).toBeLessThan(64);
    },
    600_000,
  );

  test.skipIf(!existsSync('/proc/self/io'))(
    'is where the holes of a packed file come from, and not the disk',
    () => {
      const layer = world.tree({large: 'begins'});
      const file = join(layer, 'large');
      truncateSync(file, 128 * mebibyte);
      const handle = openSync(file, 'r+');
      writeSync(handle, 'in the middle', 70 * mebibyte + 5);
      closeSync(handle);
      utimesSync(file, 1_700_000_000, 1_700_000_000);
      const script = `
import subprocess
def read():
    return int(next(line for line in open("/proc/self/io") if line.startswith("rchar")).split()[1])
before = read()
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(read() - before)`;
      const packed = (...args: string[]): number =>
        Number(python(script, locateHelper(process.env), 'pack', `layer=${layer}`, ...args));
      const sparse = world.newPath();
      expect(packed(`out=${sparse}`, 'compress=gzip')).toBeLessThan(4 * mebibyte);
      // The same of a file that has its zeros on the disk.
      const [copy, full] = [world.newPath(), world.newPath()];
      execFileSync('cp', ['--sparse=never', file, copy]);
      execFileSync('dd', [`if=${copy}`, `of=${file}`, 'bs=1M', 'conv=notrunc', 'status=none']);
      utimesSync(file, 1_700_000_000, 1_700_000_000);
      expect(packed(`out=${full}`, 'compress=gzip')).toBeGreaterThan(128 * mebibyte);
      execFileSync('cmp', [sparse, full]);
    },
  );

  test('does not grow with a file that is unpacked, and the file has its holes again', () => {
    const layer = world.tree({large: ''});
    truncateSync(join(layer, 'large'), size);
    const dir = world.newPath();
    const script = `
import subprocess, resource
helper, layer, to = sys.argv[1:]
pack = subprocess.Popen([helper, "pack", "layer=" + layer, "out=-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
subprocess.run([helper, "unpack", "in=-", "dir=" + to], stdin=pack.stdout, check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)`;
    expect(Number(python(script, locateHelper(process.env), layer, dir))).toBeLessThan(64);
    expect(statSync(join(dir, 'large'))).toMatchObject({size, blocks: 0});
  }, 600_000);

  test('grows little with entries, and all of them come through', () => {
    const layer = world.tree();
    const count = isSoak ? 200_000 : 10_000;
    for (let at = 0; at < count; at++) writeFileSync(join(layer, `entry-with-a-name-${at}`), '');
    const blob = world.newPath();
    const dir = world.newPath();
    expect(memoryOf('pack', `layer=${layer}`, `out=${blob}`, 'compress=none')).toBeLessThan(150);
    expect(memoryOf('unpack', `in=${blob}`, `dir=${dir}`)).toBeLessThan(150);
    expect(readdirSync(dir).length).toBe(count);
  }, 600_000);
});
