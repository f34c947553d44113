import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../../../src/oci/descriptor.ts';
import {startRegistry, type TestRegistry} from '../../../support/registry.ts';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
let registry: TestRegistry | undefined;
let images: readonly Descriptor[];
beforeAll(async () => {
  stored = new StoredImages();
  registry = await startRegistry({});
  images = await Promise.all(
    ['amd64', 'riscv64'].map((architecture) =>
      stored.add([`docker.io/library/tool:${architecture}`], {
        layers: [{entries: [{path: 'a', content: architecture}]}],
        platform: {os: 'linux', architecture},
      }),
    ),
  );
});
afterAll(async () => {
  await registry?.close();
  stored[Symbol.dispose]();
});

describe('imagetools create', () => {
  it('makes an index of images of the local store, and sends what they are made of', async () => {
    if (registry === undefined) return;
    const name = `${registry.address}/tools/both:1`;
    const sources = ['store://tool:amd64', 'store://tool:riscv64'];
    const made = await stored.run(['imagetools', 'create', '-t', name, ...sources]);
    expect(made).toMatchObject({code: 0, err: expect.stringContaining('from the local store')});
    const format = '{{range .Manifest.Manifests}}{{.Digest}} {{.Platform.Architecture}};{{end}}';
    const {out} = await stored.run(['imagetools', 'inspect', '--format', format, name]);
    expect(out).toBe(`${images[0]?.digest} amd64;${images[1]?.digest} riscv64;\n`);
    const elsewhere = ['--root', `${stored.folder}/other`, '--platform', 'linux/riscv64'];
    expect(await stored.run(['pull', '-q', ...elsewhere, name])).toMatchObject({code: 0});
  });

  it('adds one to what a registry has', async () => {
    if (registry === undefined) return;
    const name = `${registry.address}/tools/grown:1`;
    await stored.run(['imagetools', 'create', '-t', name, 'store://tool:amd64']);
    await stored.run(['imagetools', 'create', '--append', '-t', name, 'store://tool:riscv64']);
    const {out} = await stored.run(['imagetools', 'inspect', name]);
    for (const {digest} of images) expect(out).toContain(digest);
  });

  it('says what the local store does not have', async () => {
    const {code, err} = await stored.run(['imagetools', 'create', '--dry-run', 'store://tool:arm']);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('no image "docker.io/library/tool:arm" in the local store'),
    ]);
  });
});
