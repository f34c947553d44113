// What takes long to pack is a blob before the build is over: the last step waits until one can be seen in the store.

import {createHash} from 'node:crypto';
import {existsSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {until} from '../support/until.ts';
import {namesOf, type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;
beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** Above the number from which a copy counts as large. */
const fileCount = 300;

function manyFiles(salt: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({length: fileCount}, (_, index) => [
      `tree/${index % 7}/${index}`,
      createHash('sha512').update(`${salt} ${index}`).digest('hex'),
    ]),
  );
}

function blobsOf(root: string): string[] {
  return readdirSync(join(root, 'blobs', 'sha256'));
}

const waiting = 'while [ ! -e /gate/open ]; do sleep 0.05; done; rm /gate/open';
const atTheGate = `RUN --mount=type=cache,id=gate,target=/gate echo at the gate; ${waiting}; echo > /last`;

/** Lets the last step go on. */
function openGate(root: string): void {
  const [folder = ''] = readdirSync(join(root, 'cache-mounts'));
  const [variant = ''] = readdirSync(join(root, 'cache-mounts', folder));
  writeFileSync(join(root, 'cache-mounts', folder, variant, 'fs', 'open'), '');
}

describe.each([
  ['of many files', 'COPY tree/ /tree/'],
  ['of a step that took its time', 'RUN echo made > /made; sleep 0.5'],
])('the layer %s', (name, step) => {
  it('is packed while the next step runs, and is the one that the image has', async () => {
    const root = join(space.folder, `state ${name}`);
    const base = await space.context({Dockerfile: 'FROM busybox\nRUN true\n'});
    await space.build(['-o', 'type=cacheonly', base], {root});
    const before = new Set(blobsOf(root));
    const added = (): string[] => blobsOf(root).filter((blob) => !before.has(blob));
    const context = await space.context({
      Dockerfile: `FROM busybox\n${step}\n${atTheGate}\n`,
      ...manyFiles(name),
    });
    const image = join(space.folder, `image ${name}`);
    const output = `type=oci,tar=false,dest=${image}`;
    const running = space.start(['build', '--progress', 'plain', '-o', output, context], {root});
    await running.until(/^#\d+ (?:\d+\.\d+ )?at the gate/m);
    await until(() => added().length > 0);
    const [layer = ''] = added();
    openGate(root);
    const run = await running.done;
    expect(run.code, run.stderr).toBe(0);
    expect(existsSync(join(image, 'blobs', 'sha256', layer))).toBe(true);
  });

  it('is no matter of a build that fails meanwhile', async () => {
    const root = join(space.folder, `failing ${name}`);
    const files = manyFiles(name);
    const failing = await space.context({Dockerfile: `FROM busybox\n${step}\nRUN exit 3\n`, ...files});
    const failed = await space.run(['build', '--progress', 'plain', failing], {root});
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/exit code: 3/);
    expect(await space.leftovers()).toEqual([]);
    expect(readdirSync(join(root, 'work')).filter((file) => file.includes('.blob'))).toEqual([]);
    const mended = await space.context({Dockerfile: `FROM busybox\n${step}\nRUN true\n`, ...files});
    const {steps} = await space.build([mended], {root});
    expect(namesOf(steps, 'cached')).toHaveLength(1);
  });
});
