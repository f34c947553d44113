// Images in every compression, as other tools read them; with SOURCE_DATE_EPOCH the same digest from two cold builds
// in different directories.

import {spawnSync} from 'node:child_process';
import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {needCommand} from './requirements.ts';

let space: Workspace;
beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const at = (name: string): string => join(space.folder, name);
const files = {
  Dockerfile:
    'FROM busybox\nRUN echo one > /one && rm /etc/group\nCOPY . /in/\nRUN rm /one && ln /in/data /in/same && chmod 4755 /in/data\n',
  data: 'x'.repeat(2_000_000),
};
const compressions = ['gzip', 'zstd', 'estargz', 'uncompressed'];

describe.each(compressions)('compression=%s', (compression) => {
  const options = `tar=false,rewrite-timestamp=true,compression=${compression}`;
  const digestOf = async (dest: string, root: string, more = ''): Promise<string> => {
    const context = await space.context(files);
    const run = await space.run(
      ['build', '-q', '-o', `type=oci,dest=${at(dest)},${options}${more}`, context],
      {root: at(root), env: {SOURCE_DATE_EPOCH: '1700000000'}},
    );
    expect(run.stderr).toBe('');
    const index = JSON.parse(readFileSync(join(at(dest), 'index.json'), 'utf8')) as {
      manifests: {digest: string}[];
    };
    return index.manifests[0]?.digest ?? '';
  };

  it('two cold builds in different directories are the same', async () => {
    const first = await digestOf(`one-${compression}`, `state-1-${compression}`);
    const second = await digestOf(`two-${compression}`, `state-2-${compression}`);
    expect(second).toBe(first);
  });

  it('skopeo reads it, also squashed and with the layers of the base image', async (test) => {
    const skopeo = needCommand(test, 'skopeo');
    await digestOf(`all-${compression}`, `state-1-${compression}`, ',force-compression=true,squash=stage');
    const to = at(`copied-${compression}`);
    const copied = spawnSync(skopeo, ['copy', `oci:${at(`all-${compression}`)}`, `dir:${to}`], {
      encoding: 'utf8',
    });
    expect(copied.stderr).toBe('');
    const {layers} = JSON.parse(readFileSync(join(to, 'manifest.json'), 'utf8')) as {
      layers: {mediaType: string}[];
    };
    const ending = {gzip: 'tar+gzip', zstd: 'tar+zstd', estargz: 'tar+gzip', uncompressed: 'tar'}[
      compression
    ];
    expect(layers.map(({mediaType}) => mediaType)).toEqual([
      `application/vnd.oci.image.layer.v1.${ending}`,
      `application/vnd.oci.image.layer.v1.${ending}`,
    ]);
    rmSync(to, {recursive: true});
  });
});

it('a level decides the size', async () => {
  const context = await space.context({Dockerfile: 'FROM scratch\nCOPY data /\n', data: files.data});
  const sizeOf = async (level: number): Promise<number> => {
    const dest = at(`level-${level}`);
    await space.build(['-o', `type=oci,dest=${dest},compression-level=${level}`, context]);
    return readFileSync(dest).length;
  };
  expect(await sizeOf(0)).toBeGreaterThan(2_000_000);
  expect(await sizeOf(9)).toBeLessThan(100_000);
});
