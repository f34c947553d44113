import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {basename, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {layoutFiles} from '../../../src/cli/commands/debug/layout.ts';
import type {ExportResult} from '../../../src/exporters/exporter.ts';
import {createExporter} from '../../../src/exporters/index.ts';
import {hexOf} from '../../../src/oci/digest.ts';
import type {ImageIndex} from '../../../src/oci/manifest.ts';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {type LayoutFiles, validateLayout} from '../../../src/oci/validate.ts';
import {amd64, armV7, type Workshop, workshop} from '../fake-image.ts';
import {readArchive} from '../read-archive.ts';

let shop: Workshop;
beforeEach(() => {
  shop = workshop();
});
afterEach(() => shop[Symbol.dispose]());

const at = (name: string): string => join(shop.directory, name);

async function exported(
  options: Readonly<Record<string, string>>,
  tags: readonly string[] = [],
  more: Parameters<Workshop['built']>[0] = {},
): Promise<ExportResult> {
  const exporter = createExporter('oci', new Map(Object.entries(options)), tags);
  return exporter.export(await shop.built(more), shop.context);
}

async function archiveFiles(bytes: Uint8Array): Promise<LayoutFiles> {
  const members = new Map((await readArchive(bytes)).map((member) => [member.name, member.bytes]));
  return {
    async open(path) {
      const found = members.get(path);
      return found === undefined
        ? undefined
        : (async function* () {
            yield found;
          })();
    },
  };
}

function indexOf(directory: string): ImageIndex {
  return JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as ImageIndex;
}

describe('an OCI archive', () => {
  it('is a valid layout', async () => {
    await exported({dest: 'a.tar'}, ['docker.io/library/app:1']);
    expect(await validateLayout(await archiveFiles(readFileSync(at('a.tar'))))).toEqual([]);
  });

  it('of a list has one index, which lists a manifest for each platform', async () => {
    const exporter = createExporter('oci', new Map([['dest', 'a.tar']]), ['docker.io/library/app:1']);
    const result = await exporter.export(await shop.list([amd64, armV7]), shop.context);
    const files = await archiveFiles(readFileSync(at('a.tar')));
    expect(await validateLayout(files)).toEqual([]);
    const read = async (path: string): Promise<ImageIndex> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await files.open(path)) ?? []) chunks.push(chunk);
      return JSON.parse(Buffer.concat(chunks).toString()) as ImageIndex;
    };
    const [entry, ...others] = (await read('index.json')).manifests;
    expect(others).toEqual([]);
    expect(entry).toMatchObject({mediaType: mediaTypes.index, digest: result.imageDigest});
    expect(entry?.annotations).toMatchObject({
      'io.containerd.image.name': 'docker.io/library/app:1',
      'org.opencontainers.image.created': expect.stringMatching(/^2024-05-05T/),
    });
    const {manifests} = await read(`blobs/sha256/${result.imageDigest?.slice('sha256:'.length)}`);
    expect(manifests.map(({platform}) => platform)).toEqual([amd64, armV7]);
  });

  it('has its members in byte order, owned by root, with one time', async () => {
    await exported({dest: 'a.tar'});
    const members = await readArchive(readFileSync(at('a.tar')));
    const names = members.map(({name}) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining(['blobs/', 'blobs/sha256/', 'index.json', 'oci-layout']));
    for (const {uid, gid, mtimeMs, mode, type} of members) {
      expect({uid, gid, mtimeMs}).toEqual({uid: 0, gid: 0, mtimeMs: 0});
      expect(mode).toBe(type === 'directory' ? 0o755 : 0o644);
    }
  });

  it('is the same bytes each time', async () => {
    await exported({dest: 'a.tar'});
    await exported({dest: 'b.tar'});
    expect(readFileSync(at('a.tar')).equals(readFileSync(at('b.tar')))).toBe(true);
  });

  it('has SOURCE_DATE_EPOCH as its members’ time', async () => {
    await exported({dest: 'a.tar'}, [], {epochSeconds: 1_000_000_000});
    for (const {mtimeMs} of await readArchive(readFileSync(at('a.tar'))))
      expect(mtimeMs).toBe(1_000_000_000_000);
  });

  it('tells digests that are in it', async () => {
    const {imageDigest, configDigest, descriptor} = await exported({dest: 'a.tar'});
    const names = (await readArchive(readFileSync(at('a.tar')))).map(({name}) => name);
    for (const digest of [imageDigest, configDigest]) {
      expect(digest).toBeDefined();
      if (digest !== undefined) expect(names).toContain(`blobs/sha256/${hexOf(digest)}`);
    }
    expect(descriptor?.digest).toBe(imageDigest);
  });

  it('lists the manifest once for each name', async () => {
    await exported({dest: 'a.tar', name: 'x:1,r.example/y'});
    const index = (await readArchive(readFileSync(at('a.tar')))).find(({name}) => name === 'index.json');
    const {manifests} = JSON.parse(index?.bytes.toString() ?? '') as ImageIndex;
    expect(manifests.map(({annotations}) => annotations)).toEqual([
      {
        'io.containerd.image.name': 'docker.io/library/x:1',
        'org.opencontainers.image.created': '2024-05-05T06:07:08.009Z',
        'org.opencontainers.image.ref.name': '1',
      },
      {
        'io.containerd.image.name': 'r.example/y:latest',
        'org.opencontainers.image.created': '2024-05-05T06:07:08.009Z',
        'org.opencontainers.image.ref.name': 'latest',
      },
    ]);
  });

  it('goes to standard output with dest=-', async () => {
    await exported({dest: '-'});
    expect(await validateLayout(await archiveFiles(shop.context.stdoutBytes()))).toEqual([]);
  });

  it('does not go to a terminal', async () => {
    using other = workshop({stdoutIsTty: true});
    const exporter = createExporter('oci', new Map([['dest', '-']]), []);
    await expect(exporter.export(await other.built(), other.context)).rejects.toThrow(
      /not written to a terminal/,
    );
  });
});

describe('the file', () => {
  it('replaces the one that was there, through a link', async () => {
    writeFileSync(at('real.tar'), 'old');
    symlinkSync('real.tar', at('a.tar'));
    await exported({dest: 'a.tar'});
    expect(statSync(at('real.tar')).size).toBeGreaterThan(1000);
    expect(readdirSync(shop.directory).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('in a directory that is not there is told plainly', async () => {
    await expect(exported({dest: 'no/a.tar'})).rejects.toThrow(
      /output no\/a\.tar cannot be written: no directory/,
    );
  });

  it.each([['no/a.tar'], ['.']])('that cannot be is told before the build is run (%s)', async (dest) => {
    const exporter = createExporter('oci', new Map([['dest', dest]]), []);
    await expect(exporter.prepare?.(shop.context)).rejects.toThrow(
      /output .* (cannot be written|is a directory)/,
    );
  });

  it('that is a directory is told plainly', async () => {
    mkdirSync(at('d'));
    await expect(exported({dest: 'd'})).rejects.toThrow(/is a directory, expected a file/);
  });

  it('is not there, not even in part, when a layer is not as long as it says', async () => {
    const {
      images: [image],
    } = await shop.built();
    const [first, ...others] = await image.layers(shop.context.signal);
    if (first === undefined) throw new Error('no layer');
    const shorter = {...first, descriptor: {...first.descriptor, size: 5}};
    const broken = await shop.built({layers: async () => [shorter, ...others]});
    const exporter = createExporter('oci', new Map([['dest', 'a.tar']]), []);
    await expect(exporter.export(broken, shop.context)).rejects.toThrow();
    expect(readdirSync(shop.directory).filter((name) => name.includes('a.tar'))).toEqual([]);
  });

  it('is not there when the build is stopped', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    using other = workshop({signal: controller.signal});
    const exporter = createExporter('oci', new Map([['dest', 'a.tar']]), []);
    await expect(exporter.export(await other.built(), other.context)).rejects.toThrow('stopped');
    expect(readdirSync(other.directory).filter((name) => name.includes('a.tar'))).toEqual([]);
  });

  it('may be a device, which stays one', async () => {
    await exported({dest: '/dev/null'});
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('an OCI layout in a directory', () => {
  const directory = {dest: 'layout', tar: 'false'};

  it('is valid, and made when it is not there', async () => {
    await exported({dest: 'deep/er/layout', tar: 'false'});
    expect(await validateLayout(layoutFiles(at('deep/er/layout')))).toEqual([]);
  });

  function layerFile(): string {
    const layout = at('layout');
    const manifest = join(
      layout,
      'blobs/sha256',
      hexOf(indexOf(layout).manifests[0]?.digest ?? ('' as never)),
    );
    const {layers} = JSON.parse(readFileSync(manifest, 'utf8')) as {layers: {digest: `sha256:${string}`}[]};
    return join(layout, 'blobs/sha256', layers[0]?.digest.slice(7) ?? '');
  }

  it('shares its layers with the store', async () => {
    await exported(directory);
    const stored = at(`blob-${basename(layerFile())}`);
    try {
      copyFileSync(stored, at('clone'), constants.COPYFILE_FICLONE_FORCE);
    } catch {
      // No reflinks here, so there is a link.
      expect(statSync(layerFile()).ino).toBe(statSync(stored).ino);
    }
    expect(readFileSync(layerFile()).equals(readFileSync(stored))).toBe(true);
  });

  it('does not keep a blob of somebody else’s making, which may have any bytes', async () => {
    await exported(directory);
    const file = layerFile();
    const bytes = readFileSync(file);
    rmSync(file);
    writeFileSync(file, Buffer.alloc(bytes.length));
    await exported(directory);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('keeps other images and replaces one of the same name', async () => {
    await exported(directory, ['docker.io/library/a:1']);
    await exported(directory, ['docker.io/library/b:1'], {epochSeconds: 1});
    await exported(directory, ['docker.io/library/a:1'], {epochSeconds: 2});
    const names = indexOf(at('layout')).manifests.map(
      ({annotations}) => annotations?.['io.containerd.image.name'],
    );
    expect(names.sort()).toEqual(['docker.io/library/a:1', 'docker.io/library/b:1']);
    expect(await validateLayout(layoutFiles(at('layout')))).toEqual([]);
  });

  it('without a name replaces the one without a name', async () => {
    await exported(directory);
    await exported(directory, [], {epochSeconds: 1});
    expect(indexOf(at('layout')).manifests).toHaveLength(1);
  });

  it('does not touch what is no layout', async () => {
    mkdirSync(at('layout'));
    writeFileSync(at('layout/index.json'), 'not json');
    await expect(exported(directory)).rejects.toThrow(/index\.json that is not JSON/);
    expect(readFileSync(at('layout/index.json'), 'utf8')).toBe('not json');
  });

  it('quotes nothing of what is no layout, and waits for no pipe', async () => {
    mkdirSync(at('layout'));
    writeFileSync(at('layout/index.json'), 'secret');
    await expect(exported(directory)).rejects.toThrow(/index\.json that is not JSON$/);
    rmSync(at('layout/index.json'));
    execFileSync('mkfifo', [at('layout/index.json')]);
    await expect(exported(directory)).rejects.toThrow(/index\.json that is not a file$/);
  });

  it('leaves no temporary files', async () => {
    await exported(directory);
    const names = readdirSync(at('layout'), {recursive: true}).map(String);
    expect(names.filter((name) => name.includes('partial'))).toEqual([]);
    expect(existsSync(at('layout/oci-layout'))).toBe(true);
  });

  it('that may not be written is told plainly', async (test) => {
    if (process.getuid?.() === 0) {
      process.stderr.write('skipped: root may write into any directory\n');
      test.skip('root may write into any directory');
    }
    mkdirSync(at('closed'));
    chmodSync(at('closed'), 0o555);
    await expect(exported({dest: 'closed/x', tar: 'false'})).rejects.toThrow(
      /cannot be written: permission denied/,
    );
  });
});
