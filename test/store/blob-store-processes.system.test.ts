// One store and several processes, one of which is killed while it writes.

import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {build} from 'esbuild';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {LocalBlobStore} from '../../src/store/blob-store.ts';

let folder: string;
let script: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsbuild-blobs-'));
  script = join(folder, 'writer.mjs');
  await writeFile(
    join(folder, 'writer.ts'),
    `import {LocalBlobStore} from ${JSON.stringify(join(import.meta.dirname, '../../src/store/blob-store.ts'))};
const [root = '', task = ''] = process.argv.slice(2);
const store = new LocalBlobStore(root);
if (task === 'forever') {
  const sink = await store.open();
  await sink.write(new Uint8Array(2_000_000));
  process.stdout.write('writing');
  for (;;) await sink.write(new Uint8Array(100_000));
}
for (let round = 0; round < 20; round++) {
  for (const name of ['a', 'b', 'c']) await store.put(Buffer.alloc(200_000, name + round));
  await store.put(Buffer.from(task + round));
}
`,
  );
  await build({
    entryPoints: [join(folder, 'writer.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rm(folder, {recursive: true, force: true}));

function start(root: string, task: string): ChildProcess {
  return spawn(process.execPath, [script, root, task], {stdio: ['ignore', 'pipe', 'inherit']});
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)));

async function everyBlobIsTrue(root: string): Promise<number> {
  const names = await readdir(join(root, 'blobs/sha256'));
  for (const name of names) {
    expect(digestOf(await readFile(join(root, 'blobs/sha256', name)))).toBe(`sha256:${name}`);
  }
  return names.length;
}

describe('a store of many processes', () => {
  it('ends with the same blobs as that of one', async () => {
    const root = join(folder, 'shared');
    const tasks = ['one', 'two', 'three'];
    expect(await Promise.all(tasks.map((task) => ended(start(root, task))))).toEqual([0, 0, 0]);
    expect(await everyBlobIsTrue(root)).toBe(20 * (3 + tasks.length));
    expect(await readdir(join(root, 'work'))).toEqual([]);
  });

  it('has nothing but a temporary file of a process that was killed, and sweeps that', async () => {
    const root = join(folder, 'killed');
    const child = start(root, 'forever');
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const exit = ended(child);
    const store = new LocalBlobStore(root);
    expect(await store.sweep(0)).toBe(0);
    child.kill('SIGKILL');
    await exit;
    expect(await everyBlobIsTrue(root)).toBe(0);
    expect(await readdir(join(root, 'work'))).toHaveLength(1);
    expect(await store.sweep(0)).toBe(1);
    expect(await readdir(join(root, 'work'))).toEqual([]);
  });
});
