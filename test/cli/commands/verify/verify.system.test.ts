import {spawnSync} from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {verify} from '../../../../src/cli/commands/verify/verify.ts';
import {createExporter} from '../../../../src/exporters/index.ts';
import {digestOf} from '../../../../src/oci/digest.ts';
import {LocalBlobStore} from '../../../../src/store/blob-store.ts';
import {openImageStore} from '../../../../src/store/image-store.ts';
import {type Workshop, workshop} from '../../../exporters/fake-image.ts';
import {type FakeRegistry, startFakeRegistry} from '../../../support/fake-registry.ts';
import {type TestImageInput, testImage} from '../../../support/test-image.ts';
import {commandCall} from '../../command-call.ts';
import {memoryIo} from '../../memory-io.ts';

let shop: Workshop;
let root: string;
beforeEach(() => {
  shop = workshop();
  root = mkdtempSync(join(tmpdir(), 'tsbuild-verify-'));
});
afterEach(() => {
  shop[Symbol.dispose]();
  rmSync(root, {recursive: true, force: true});
});

async function exported(options: Readonly<Record<string, string>>): Promise<void> {
  const exporter = createExporter('oci', new Map(Object.entries(options)), ['docker.io/library/app:1']);
  const attestations = async () => [{predicateType: 'https://example.com/seen/v1', predicate: {}}];
  await exporter.export(await shop.built({attestations}), shop.context);
}

async function verified(name: string, flags: readonly [string, string][] = []): Promise<[number, string]> {
  const io = memoryIo({cwd: shop.directory});
  const code = await verify(commandCall(io, [name], [['root', root], ['progress', 'quiet'], ...flags]));
  return [code, io.out()];
}

describe('tsbuild verify', () => {
  it('finds nothing wrong with a layout, in a directory or an archive', async () => {
    await exported({dest: 'layout', tar: 'false'});
    await exported({dest: 'layout.tar'});
    expect(await verified('layout')).toEqual([0, 'ok\n']);
    expect(await verified('layout.tar')).toEqual([0, 'ok\n']);
  });

  it('says how many blobs of a layout nothing refers to', async () => {
    await exported({dest: 'layout', tar: 'false'});
    const bytes = Buffer.from('left behind');
    writeFileSync(join(shop.directory, 'layout/blobs/sha256', digestOf(bytes).slice(7)), bytes);
    const [code, text] = await verified('layout', [['format', 'json']]);
    expect([code, JSON.parse(text)]).toMatchObject([0, {problems: [], unreferenced: 1}]);
    writeFileSync(join(shop.directory, 'layout/blobs/sha256', digestOf(bytes).slice(7)), 'spoilt');
    expect((await verified('layout'))[1]).toContain('which nothing refers to: content is sha256:');
  });

  it('tells all problems together, with exit code 1', async () => {
    await exported({dest: 'layout', tar: 'false'});
    const blobs = join(shop.directory, 'layout/blobs/sha256');
    const names = readdirSync(blobs);
    const layers = names.filter((name) => readFileSync(join(blobs, name)).readUInt16BE(0) === 0x1f8b);
    expect(layers).toHaveLength(2);
    for (const name of layers) truncateSync(join(blobs, name), 20);
    const [code, text] = await verified('layout', [['format', 'json']]);
    expect(code).toBe(1);
    const {problems, kind} = JSON.parse(text) as {problems: string[]; kind: string};
    expect(kind).toBe('directory');
    for (const layer of [0, 1]) {
      expect(problems).toContainEqual(expect.stringMatching(`layer ${layer}: has 20 bytes, not [0-9]+$`));
      expect(problems).toContainEqual(expect.stringContaining(`layer ${layer}: content is sha256:`));
      expect(problems).toContainEqual(expect.stringContaining(`layer ${layer}: is not gzip`));
    }
  });

  it('finds an image of the local store by its name', async () => {
    const blobs = new LocalBlobStore(root);
    const configDigest = await blobs.put(
      Buffer.from(
        '{"os":"linux","architecture":"amd64","config":{},"rootfs":{"type":"layers","diff_ids":[]}}',
      ),
    );
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: {mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: 1},
        layers: [],
      }),
    );
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    using store = openImageStore(root);
    const digest = await blobs.put(manifest);
    store.tag('docker.io/library/small:latest', {mediaType, digest, size: manifest.length}, 0);
    const [code, text] = await verified('small');
    expect(code).toBe(1);
    expect(text).toContain('> config: has 90 bytes, not 1\n');
  });

  it('refuses flags of a rebuild without --rebuild, and --key with it', async () => {
    const refused = async (...flags: [string, string][]): Promise<void> => {
      await expect(verified('app', flags)).rejects.toThrow(`--${flags[0]?.[0]} is about `);
    };
    await refused(['touch', 'true']);
    await refused(['platform', 'linux/arm64']);
    await refused(['lock-file', 'a.lock']);
    await refused(['key', 'k.pub'], ['rebuild', 'true']);
  });

  it('says when there is nothing of that name', async () => {
    await expect(verified('nothing')).rejects.toThrow('there is no image, directory or archive "nothing"');
  });

  it('finds nothing wrong with what docker saved, and tells every layer that is another', async () => {
    const image = await testImage({layers: [{entries: [{path: 'a', content: 'a'}]}, {entries: []}]});
    const config = image.config.digest.slice(7);
    const tars = image.layers.map(({digest}) => gunzipSync(image.blobs.get(digest) ?? ''));
    const write = (name: string, layers: readonly Buffer[]): void => {
      mkdirSync(join(root, name));
      const Layers = layers.map((tar, index) => {
        writeFileSync(join(root, name, `${index}.tar`), tar);
        return `${index}.tar`;
      });
      writeFileSync(join(root, name, `${config}.json`), image.blobs.get(image.config.digest) ?? '');
      const entry = {Config: `${config}.json`, RepoTags: ['app:1'], Layers};
      writeFileSync(join(root, name, 'manifest.json'), JSON.stringify([entry]));
      const run = spawnSync('tar', ['-cf', join(shop.directory, `${name}.tar`), '-C', join(root, name), '.']);
      expect(run.status).toBe(0);
    };
    write('good', tars);
    // Some tools compress them.
    write(
      'packed',
      tars.map((tar) => gzipSync(tar)),
    );
    write('bad', [tars[1] ?? Buffer.alloc(0), Buffer.from('short')]);
    expect(await verified('good.tar')).toEqual([0, 'ok\n']);
    expect(await verified('packed.tar')).toEqual([0, 'ok\n']);
    const [code, text] = await verified('bad.tar');
    expect(code).toBe(1);
    expect(text.trim().split('\n')).toEqual([
      `manifest.json > image 0 > layer 0: unpacks to ${image.diffIds[1]}, not ${image.diffIds[0]}`,
      expect.stringMatching(
        `^manifest.json > image 0 > layer 1: unpacks to sha256:.*, not ${image.diffIds[1]}$`,
      ),
    ]);
  });
});

describe('tsbuild verify of an image in a registry', () => {
  let registry: FakeRegistry;
  beforeEach(async () => {
    registry = await startFakeRegistry();
  });
  afterEach(() => registry.close());

  const input = (content: string): TestImageInput => ({layers: [{entries: [{path: 'a', content}]}]});

  it('reads all of it, each blob once', async () => {
    await registry.addIndex('app', '1', [
      input('a'),
      {...input('b'), platform: {os: 'linux', architecture: 'arm64'}},
    ]);
    expect(await verified(`${registry.address}/app:1`)).toEqual([0, 'ok\n']);
    expect(await verified(`registry://${registry.address}/app:1`)).toEqual([0, 'ok\n']);
    const blobs = registry.log.filter((line) => line.includes('/blobs/'));
    expect(blobs).toHaveLength(2 * 4);
  });

  it('tells together what is missing, changed, cut off or called something else', async () => {
    const images = await registry.addIndex('app', '1', [input('a'), input('b'), input('c')]);
    const [missing, changed, cut] = images.map(({layers}) => layers[0]?.digest ?? '');
    registry.fault = ({path}) => {
      if (path.endsWith(missing ?? '')) return {type: 'answer', status: 404};
      if (path.endsWith(changed ?? '')) return {type: 'corrupt'};
      if (path.endsWith(cut ?? '')) return {type: 'cut', bytes: 5};
      return undefined;
    };
    const last = images[2];
    registry.addManifest(
      'app',
      last?.descriptor.digest ?? '',
      last?.manifest ?? Buffer.alloc(0),
      'text/plain',
    );
    const [code, text] = await verified(`${registry.address}/app:1`);
    expect(code).toBe(1);
    expect(text).toContain(`blob ${missing} is missing`);
    expect(text).toMatch(new RegExp(`layer 0: content is sha256:.*, not ${changed}`));
    expect(text).toContain('layer 0: cannot be read to its end: ');
    expect(text).toContain(`${last?.descriptor.digest}: the registry calls it text/plain`);
  });

  it('reads what refers to an image as it says it does', async () => {
    const image = await registry.addImage('app', '1', input('a'));
    const list = (referrer: Buffer): void => {
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      registry.addManifest('app', 'referrer', referrer, mediaType);
      const entry = {mediaType, digest: digestOf(referrer), size: referrer.length};
      const index = {schemaVersion: 2, manifests: [entry]};
      const tag = image.descriptor.digest.replace(':', '-');
      const indexType = 'application/vnd.oci.image.index.v1+json';
      registry.addManifest('app', tag, Buffer.from(JSON.stringify(index)), indexType);
    };
    const {mediaType, digest, size} = image.descriptor;
    const referrer = (subject: object): Buffer =>
      Buffer.from(JSON.stringify({schemaVersion: 2, config: image.config, layers: [], subject}));
    list(referrer({mediaType, digest, size}));
    expect(await verified(`${registry.address}/app:1`)).toEqual([0, 'ok\n']);
    const other = `sha256:${'0'.repeat(64)}`;
    list(referrer({mediaType, digest: other, size}));
    expect(await verified(`${registry.address}/app:1`)).toEqual([
      1,
      expect.stringContaining(`its subject is ${other}, its index says ${digest}`),
    ]);
    const absent = {mediaType: 'text/plain', digest: other, size: 1};
    list(Buffer.from(JSON.stringify({schemaVersion: 2, config: absent, layers: []})));
    const [code, text] = await verified(`${registry.address}/app:1`);
    expect(code).toBe(1);
    expect(text).toContain(`has no subject, it is listed as one of ${digest}`);
    expect(text).toContain(`blob ${other} is missing`);
  });

  it('says when the registry has no such image', async () => {
    await expect(verified(`${registry.address}/none`)).rejects.toThrow('/none:latest: not found');
  });
});
