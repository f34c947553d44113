import {gzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {digestOf, hexOf} from '../../src/oci/digest.ts';
import {mediaTypes} from '../../src/oci/media-types.ts';
import {type LayoutFiles, validateLayout} from '../../src/oci/validate.ts';

type Files = Map<string, Buffer>;

function add(files: Files, bytes: Buffer): {digest: string; size: number} {
  const digest = digestOf(bytes);
  files.set(`blobs/sha256/${hexOf(digest)}`, bytes);
  return {digest, size: bytes.length};
}

/** A layout with one image of one layer; `change` may spoil its parts before they are written. */
function layout(change: {
  config?: (config: Record<string, unknown>) => void;
  manifest?: (manifest: Record<string, unknown>) => void;
  layer?: Buffer;
}): Files {
  const files: Files = new Map();
  const tar = Buffer.from('pretend this is a tar');
  const layer = {mediaType: mediaTypes.layerGzip, ...add(files, change.layer ?? gzipSync(tar))};
  const config: Record<string, unknown> = {
    os: 'linux',
    architecture: 'amd64',
    config: {},
    rootfs: {type: 'layers', diff_ids: [digestOf(tar)]},
    history: [{created_by: 'x'}, {empty_layer: true}],
  };
  change.config?.(config);
  const configBytes = Buffer.from(JSON.stringify(config));
  const manifest: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: {mediaType: mediaTypes.config, ...add(files, configBytes)},
    layers: [layer],
  };
  change.manifest?.(manifest);
  const platform = {os: 'linux', architecture: 'amd64', variant: 'v2'};
  const entry = {
    mediaType: mediaTypes.manifest,
    ...add(files, Buffer.from(JSON.stringify(manifest))),
    platform,
  };
  const index = {schemaVersion: 2, mediaType: mediaTypes.index, manifests: [entry]};
  files.set('index.json', Buffer.from(JSON.stringify(index)));
  files.set('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  return files;
}

/** The layout of one image, and a statement about it beside it; `change` may spoil that before it is written. */
function attested(
  change: (parts: Record<'statement' | 'entry' | 'manifest' | 'image', Record<string, unknown>>) => void,
): Files {
  const files = layout({});
  const index = JSON.parse(String(files.get('index.json'))) as {manifests: Record<string, unknown>[]};
  const image = String(index.manifests[0]?.['digest']);
  const predicateType = 'https://example.com/seen/v1';
  const statement: Record<string, unknown> = {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject: [{name: '_', digest: {sha256: image.slice('sha256:'.length)}}],
    predicate: {},
  };
  const entry: Record<string, unknown> = {
    platform: {os: 'unknown', architecture: 'unknown'},
    annotations: {'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image},
  };
  const {platform: _, ...subject} = index.manifests[0] ?? {};
  const more: Record<string, unknown> = {};
  change({statement, entry, manifest: more, image: subject});
  const said = add(files, Buffer.from(JSON.stringify(statement)));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: {mediaType: mediaTypes.config, ...add(files, Buffer.from('{}'))},
    layers: [
      {
        mediaType: 'application/vnd.in-toto+json',
        ...said,
        annotations: {'in-toto.io/predicate-type': predicateType},
      },
    ],
    ...more,
  };
  const written = add(files, Buffer.from(JSON.stringify(manifest)));
  index.manifests.push({mediaType: mediaTypes.manifest, ...written, ...entry});
  files.set('index.json', Buffer.from(JSON.stringify(index)));
  return files;
}

function readerOf(files: Files): LayoutFiles {
  return {
    async open(path) {
      const bytes = files.get(path);
      if (bytes === undefined) return undefined;
      return (async function* () {
        yield bytes.subarray(0, 3);
        yield bytes.subarray(3);
      })();
    },
  };
}

function problemsOf(files: Files): Promise<string[]> {
  return validateLayout(readerOf(files));
}

describe('validateLayout', () => {
  it('finds nothing wrong with a right one', async () => {
    expect(await problemsOf(layout({}))).toEqual([]);
  });

  it.each([['oci-layout'], ['index.json']])('misses %s', async (name) => {
    const files = layout({});
    files.delete(name);
    expect(await problemsOf(files)).toEqual([`${name} is missing`]);
  });

  it('counts the blobs that nothing leads to, and sees those that are damaged', async () => {
    const files = layout({});
    add(files, Buffer.from('left behind'));
    files.set(`blobs/sha256/${'a'.repeat(64)}`, Buffer.from('spoilt'));
    const names = [...files.keys()].filter((name) => name.startsWith('blobs/'));
    const reader = {
      ...readerOf(files),
      list: async (directory: string) => names.map((name) => name.slice(directory.length + 1)),
    };
    let unreferenced = 0;
    const problems = await validateLayout(reader, (blobs) => {
      unreferenced = blobs;
    });
    expect(problems).toEqual([
      `blobs/sha256/${'a'.repeat(64)}, which nothing refers to: content is ${digestOf('spoilt')}`,
    ]);
    expect(unreferenced).toBe(2);
  });

  it('misses a blob', async () => {
    const files = layout({});
    const name = [...files.keys()][0] ?? '';
    files.delete(name);
    expect((await problemsOf(files))[0]).toMatch(/layer 0: blob sha256:.* is missing/);
  });

  it('sees a changed byte and a changed size', async () => {
    const files = layout({});
    const [name = '', bytes = Buffer.alloc(0)] = [...files][0] ?? [];
    files.set(name, Buffer.concat([bytes, Buffer.from('x')]));
    const problems = await problemsOf(files);
    expect(problems[0]).toMatch(/content is sha256:/);
    expect(problems[1]).toMatch(/has \d+ bytes, not \d+/);
  });

  it('sees a layer that unpacks to something else', async () => {
    const files = layout({layer: gzipSync('another tar')});
    expect((await problemsOf(files))[0]).toMatch(/layer 0: unpacks to sha256:/);
  });

  it('sees a layer that is not compressed as it says', async () => {
    expect((await problemsOf(layout({layer: Buffer.from('no gzip')})))[0]).toMatch(/layer 0: is not gzip/);
  });

  it.each([
    ['too few diff_ids', {rootfs: {type: 'layers', diff_ids: []}}, /0 diff_ids for 1 layers/],
    ['a history of other layers', {history: [{}, {}]}, /history tells of 2 layers, there are 1/],
    ['another architecture', {architecture: 'arm64'}, /architecture is arm64, the index says amd64/],
    ['another variant', {variant: 'v3'}, /variant is v3, the index says v2/],
    ['no os', {os: ''}, /os is missing/],
    ['a history that is no list', {history: 'long'}, /history is no list/],
    ['a history with an entry that is none', {history: [null]}, /history has an entry that is none/],
    ['diff_ids that are none', {rootfs: {type: 'layers', diff_ids: [5]}}, /diff_ids are no sha256 digests/],
    ['diff_ids that are no list', {rootfs: {type: 'layers', diff_ids: {}}}, /diff_ids are no sha256 digests/],
    ['no rootfs', {rootfs: 'none'}, /0 diff_ids for 1 layers/],
    ['a config of other members', {config: {Env: 'A=1'}}, /config has members of wrong types/],
    ['an os that is a number', {os: 5}, /os is no string/],
    ['rootfs of another type', {rootfs: {type: 'tree', diff_ids: []}}, /rootfs.type/],
  ])('sees %s', async (_, members, message) => {
    const files = layout({config: (config) => void Object.assign(config, members)});
    expect((await problemsOf(files)).join('\n')).toMatch(message);
  });

  it('sees a manifest of another size, and of another type than it is listed as', async () => {
    const files = layout({});
    const index = String(files.get('index.json'));
    const spoiled = index
      .replace(/"size":\d+/, '"size":7')
      .replace(/(?<="manifests":\[\{"mediaType":)"[^"]*"/, `"${mediaTypes.dockerManifest}"`);
    files.set('index.json', Buffer.from(spoiled));
    expect(await problemsOf(files)).toEqual([
      expect.stringMatching(/has \d+ bytes, not 7$/),
      expect.stringContaining(`is ${mediaTypes.manifest}, but is listed as ${mediaTypes.dockerManifest}`),
    ]);
  });

  it('sees a config that is no config, by its type and by what it is', async () => {
    const files = layout({
      manifest: (manifest) => {
        manifest['config'] = {...(manifest['config'] as object), mediaType: 'text/plain'};
      },
    });
    expect(await problemsOf(files)).toEqual([expect.stringContaining('config has media type text/plain')]);
    const [, name = ''] = [...files.keys()];
    files.set(name, Buffer.from('[]'));
    const [layer = ''] = files.keys();
    files.set(layer, Buffer.from('spoiled'));
    expect((await problemsOf(files)).join('\n')).toMatch(
      /config: is no JSON object[\s\S]*layer 0: is not gzip/,
    );
  });

  it('tells of what cannot be read beside everything else', async () => {
    const files = layout({config: (config) => void Object.assign(config, {os: ''})});
    const [layer = ''] = files.keys();
    const reader: LayoutFiles = {
      async open(path) {
        if (path === layer) throw new Error('EIO');
        const bytes = files.get(path);
        return bytes === undefined
          ? undefined
          : (async function* () {
              yield bytes;
            })();
      },
    };
    expect(await validateLayout(reader)).toEqual([
      expect.stringContaining('os is missing'),
      expect.stringMatching(/layer 0: blob sha256:\S+ cannot be read: EIO$/),
    ]);
  });

  it('tells everything of a manifest that cannot be used, and of an index that lists nothing', async () => {
    const files = layout({
      manifest: (manifest) => {
        manifest['config'] = 'none';
        manifest['layers'] = {};
      },
    });
    expect(await problemsOf(files)).toEqual([
      expect.stringMatching(/: config is no object$/),
      expect.stringMatching(/: layers is no list$/),
    ]);
    files.set('index.json', Buffer.from(JSON.stringify({schemaVersion: 2, manifests: []})));
    expect(await problemsOf(files)).toEqual(['index.json: lists no manifest']);
  });

  it('sees unknown media types', async () => {
    const files = layout({
      manifest: (manifest) => {
        const [layer] = manifest['layers'] as object[];
        manifest['layers'] = [{...layer, mediaType: 'application/zip'}];
      },
    });
    expect((await problemsOf(files)).join('\n')).toMatch(/unknown media type application\/zip/);
  });
});

describe('of attestations validateLayout', () => {
  const other = 'ef'.repeat(32);

  it('finds nothing wrong with a right one', async () => {
    expect(await problemsOf(attested(() => undefined))).toEqual([]);
  });

  it('tells when their subject is another image, has another size, or another type', async () => {
    const subjectOf = async (change: object): Promise<string[]> => {
      const files = attested(({manifest, image}) => {
        manifest['subject'] = {...image, ...change};
      });
      return problemsOf(files);
    };
    expect(await subjectOf({})).toEqual([]);
    expect(await subjectOf({digest: `sha256:${other}`})).toEqual([
      expect.stringContaining(`its subject is sha256:${other}, its index says sha256:`),
    ]);
    expect(await subjectOf({size: 5, mediaType: mediaTypes.index})).toEqual([
      expect.stringMatching(/its subject has \d+ bytes, not 5$/),
      expect.stringContaining(`its subject is ${mediaTypes.manifest}, not ${mediaTypes.index}`),
    ]);
  });

  it('tells when the image is not there', async () => {
    const files = attested(({entry, statement}) => {
      entry['annotations'] = {'vnd.docker.reference.digest': `sha256:${other}`};
      statement['subject'] = [{digest: {sha256: other}}];
    });
    expect(await problemsOf(files)).toEqual([
      expect.stringContaining(`attests sha256:${other}, which its index does not list`),
    ]);
  });

  it('tells when a statement is of another image', async () => {
    const files = attested(({statement}) => {
      statement['subject'] = [{digest: {sha256: other}}];
    });
    expect(await problemsOf(files)).toEqual([expect.stringContaining(`its subject is sha256:${other}, not`)]);
  });

  it('tells when a statement is of nothing, is none, or is not what it is listed as', async () => {
    const files = attested(({statement}) => {
      statement['subject'] = [];
      statement['_type'] = 'letter';
      statement['predicateType'] = 'https://example.com/heard/v1';
    });
    expect(await problemsOf(files)).toEqual([
      expect.stringContaining('is no in-toto statement, its _type is letter'),
      expect.stringContaining('its predicate is https://example.com/heard/v1, listed as'),
      expect.stringContaining('has no subject'),
    ]);
  });
});
