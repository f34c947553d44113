import {mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {runVerify} from '../../../../src/cli/commands/verify/verify.ts';
import {FlagValues} from '../../../../src/cli/flag-values.ts';
import {createExporter} from '../../../../src/exporters/index.ts';
import {LocalBlobStore} from '../../../../src/store/blob-store.ts';
import {openImageStore} from '../../../../src/store/image-store.ts';
import {type Workshop, workshop} from '../../../exporters/fake-image.ts';
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
  const code = await runVerify(new FlagValues([['root', root], ...flags]), [name], io);
  return [code, io.out()];
}

describe('tsbuild verify', () => {
  it('finds nothing wrong with a layout, in a directory or an archive', async () => {
    await exported({dest: 'layout', tar: 'false'});
    await exported({dest: 'layout.tar'});
    expect(await verified('layout')).toEqual([0, 'ok\n']);
    expect(await verified('layout.tar')).toEqual([0, 'ok\n']);
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

  it('says when there is nothing of that name', async () => {
    await expect(verified('nothing')).rejects.toThrow('there is no image, directory or archive "nothing"');
  });
});
