import {spawnSync} from 'node:child_process';
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {hostPlatform} from '../../../../src/oci/platform.ts';
import {needCommand} from '../../../e2e/requirements.ts';
import {type TestEntry, testImage, testTar} from '../../../support/test-image.ts';
import {StoredImages} from '../../stored-images.ts';

const layers = [{entries: [{path: 'a', content: 'alpha'}]}];
let stored: StoredImages;
beforeEach(() => {
  stored = new StoredImages();
});
afterEach(() => stored[Symbol.dispose]());

async function archive(entries: readonly TestEntry[]): Promise<string> {
  const path = join(stored.folder, 'archive.tar');
  await writeFile(path, await testTar(entries));
  return path;
}

/** What older dockers wrote: layers in directories of their own, and links between them. */
async function dockerArchive(changes: {config?: object; layer?: string} = {}): Promise<string> {
  const tar = await testTar([{path: 'a', content: changes.layer ?? 'alpha'}]);
  const image = await testImage({layers: [...layers, ...layers]});
  const config = Buffer.from(image.blobs.get(image.config.digest) ?? []).toString();
  return archive([
    {path: 'c.json', content: JSON.stringify({...JSON.parse(config), ...changes.config})},
    {path: 'one/layer.tar', content: tar},
    {path: 'two/layer.tar', type: 'symlink', linkTarget: '../one/layer.tar'},
    {
      path: 'manifest.json',
      content: JSON.stringify([
        {Config: 'c.json', RepoTags: ['old:1'], Layers: ['one/layer.tar', 'two/layer.tar']},
      ]),
    },
  ]);
}

async function layoutArchive(change: (blobs: Map<string, Uint8Array>) => void = () => {}): Promise<string> {
  const image = await testImage({layers});
  const blobs = new Map<string, Uint8Array>([...image.blobs, [image.descriptor.digest, image.manifest]]);
  change(blobs);
  const entry = {...image.descriptor, annotations: {'org.opencontainers.image.ref.name': 'reg.example/x:3'}};
  return archive([
    {path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}'},
    {path: 'index.json', content: JSON.stringify({schemaVersion: 2, manifests: [entry]})},
    ...[...blobs].map(([digest, content]) => ({path: `blobs/${digest.replace(':', '/')}`, content})),
  ]);
}

describe('save and load', () => {
  it.each(['docker-archive', 'oci-archive'])('%s keeps names and digests', async (format) => {
    const here = await stored.add(['docker.io/library/web:1', 'docker.io/me/x:2'], {
      layers,
      platform: hostPlatform(),
    });
    const there = await stored.add([], {layers, platform: {os: 'linux', architecture: 's390x'}});
    await stored.addIndex(['docker.io/library/both:1'], [there, here]);
    const saved = ['save', '--format', format, '-o', 'all.tar', 'web:1', 'me/x:2', 'both:1'];
    expect(await stored.run(saved)).toMatchObject({code: 0, err: ''});
    const before = await stored.run(['images', '--no-trunc', '--digests', '--format', 'json']);
    const root = join(stored.folder, 'other');
    const loaded = await stored.run(['load', '--root', root, '-i', 'all.tar']);
    expect(loaded.err).toBe('');
    expect(loaded.out.trim().split('\n').sort()).toEqual([
      'Loaded image: both:1',
      'Loaded image: me/x:2',
      'Loaded image: web:1',
    ]);
    const after = await stored.run(['images', '--root', root, '--no-trunc', '--digests', '--format', 'json']);
    const facts = (out: string): string[] =>
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>)
        .map((row) => `${row['Repository']}:${row['Tag']} ${row['Digest']} ${row['ID']} ${row['Platform']}`)
        .sort();
    expect(facts(after.out)).toEqual(facts(before.out));
    expect(facts(after.out)).toHaveLength(4);
  });

  it('an image for another platform than was asked for is refused', async () => {
    await stored.add(['docker.io/library/far:1'], {layers, platform: {os: 'linux', architecture: 's390x'}});
    await stored.run(['save', '-o', 'far.tar', 'far:1']);
    const root = join(stored.folder, 'other-platform');
    const load = (platform: string) =>
      stored.run(['load', '--root', root, '-i', 'far.tar', '--platform', platform]);
    expect(await load('riscv64')).toMatchObject({
      code: 1,
      err: expect.stringContaining('it has no image for linux/riscv64, only for linux/s390x'),
    });
    expect((await stored.run(['images', '-q', '--root', root])).out).toBe('');
    expect(await load('linux/s390x')).toMatchObject({code: 0, out: 'Loaded image: far:1\n'});
  });

  it('the same images are the same archive', async () => {
    await stored.add(['docker.io/library/web:1'], {layers});
    await stored.run(['save', '-o', '1.tar', 'web:1']);
    await stored.run(['save', '-o', '2.tar', 'web:1']);
    const [first, second] = await Promise.all(
      ['1.tar', '2.tar'].map((name) => readFile(join(stored.folder, name))),
    );
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });

  it('a name without a tag is every tag of its repository', async () => {
    await stored.add(['docker.io/library/web:1', 'docker.io/library/web:2', 'docker.io/library/web2:1'], {
      layers,
    });
    await stored.run(['save', '-o', 'web.tar', 'web']);
    const loaded = await stored.run(['load', '--root', join(stored.folder, 'other'), '-i', 'web.tar']);
    expect(loaded.out).toBe('Loaded image: web:1\nLoaded image: web:2\n');
  });

  it('layers of zstd are warned of, in archives for docker', async () => {
    await stored.add(['docker.io/library/web:1', 'docker.io/library/web:2'], {
      layers: [{entries: [{path: 'a', content: 'a'}], compression: 'zstd'}],
    });
    const warning =
      'warning: the archive has a layer compressed with zstd, which docker before 23 cannot load\n';
    expect((await stored.run(['save', '-o', 'a.tar', 'web'])).err).toBe(warning);
    expect((await stored.run(['save', '--format=oci-archive', '-o', 'b.tar', 'web'])).err).toBe('');
  });

  it('an image that is saved by ID has no name', async () => {
    await stored.add(['docker.io/library/web:1'], {layers});
    const id = (await stored.run(['images', '-q', '--no-trunc'])).out.trim();
    await stored.run(['save', '-o', 'id.tar', id.slice(7, 20)]);
    const loaded = await stored.run(['load', '--root', join(stored.folder, 'other'), '-i', 'id.tar']);
    expect(loaded.out).toBe(`Loaded image ID: ${id}\n`);
  });
});

describe('load', () => {
  it('takes archives of older dockers, with links between layers, also compressed', async () => {
    const path = await dockerArchive();
    await writeFile(path, gzipSync(await readFile(path)));
    expect(await stored.run(['load', '-i', path])).toMatchObject({code: 0, out: 'Loaded image: old:1\n'});
    const {out} = await stored.run(['inspect', '-f', '{{len .RootFS.Layers}}', 'old:1']);
    expect(out).toBe('2\n');
  });

  it('takes what xz has compressed', async (test) => {
    const path = await layoutArchive();
    spawnSync(needCommand(test, 'xz'), [path]);
    const {code, out} = await stored.run(['load', '-i', `${path}.xz`]);
    expect({code, out}).toEqual({code: 0, out: 'Loaded image: reg.example/x:3\n'});
  });

  it('of a layout directory it is told how it is read', async () => {
    const {code, err} = await stored.run(['load', '-i', stored.folder]);
    expect(code).toBe(1);
    expect(err).toContain('a layout directory is read as an archive: tar -C DIR -c . | tsbuild load');
  });

  it('takes a layout with whole names', async () => {
    expect((await stored.run(['load', '-i', await layoutArchive()])).out).toBe(
      'Loaded image: reg.example/x:3\n',
    );
  });

  it.each<[what: string, make: () => Promise<string>, said: string]>([
    ['a layer that is not what the config says', () => dockerArchive({layer: 'beta'}), 'unpacks to'],
    [
      'a config with other layers',
      () => dockerArchive({config: {rootfs: {type: 'layers', diff_ids: []}}}),
      'names 0 layers',
    ],
    [
      'a blob with another digest',
      () =>
        layoutArchive((blobs) => {
          for (const digest of blobs.keys()) blobs.set(digest, Buffer.from('{}'));
        }),
      'expected sha256:',
    ],
    [
      'a missing blob',
      () => layoutArchive((blobs) => blobs.delete([...blobs.keys()][0] ?? '')),
      'is missing',
    ],
    ['nothing of use', () => archive([{path: '../../etc/passwd', content: 'x'}]), 'no archive of images'],
    ['a broken index', () => archive([{path: 'index.json', content: '{"manifests": 3'}]), 'is no JSON'],
    [
      'a loop of links',
      () =>
        archive([
          {path: 'a', type: 'symlink', linkTarget: 'b'},
          {path: 'b', type: 'symlink', linkTarget: 'a'},
          {path: 'manifest.json', content: '[{"Config":"a","Layers":[],"RepoTags":[]}]'},
        ]),
      'it has no a,',
    ],
  ])('refuses %s, and nothing gets a name', async (_, make, said) => {
    const {code, err} = await stored.run(['load', '-i', await make()]);
    expect(err).toContain(said);
    expect(code).toBe(1);
    expect((await stored.run(['images', '-q'])).out).toBe('');
  });
});
