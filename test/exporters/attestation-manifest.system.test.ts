import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {BuiltImage, ExportResult} from '../../src/exporters/exporter.ts';
import {createExporter} from '../../src/exporters/index.ts';
import {digestOf, hexOf, parseDigest} from '../../src/oci/digest.ts';
import {type Workshop, workshop} from './fake-image.ts';

let shop: Workshop;
beforeEach(() => {
  shop = workshop();
});
afterEach(() => shop[Symbol.dispose]());

const attested: Pick<BuiltImage, 'attestations'> = {
  attestations: async () => [{predicateType: 'https://example.com/seen/v1', predicate: {seen: true}}],
};

async function exported(
  options: Readonly<Record<string, string>>,
  more: Pick<BuiltImage, 'attestations'> = attested,
): Promise<ExportResult> {
  const given = new Map(Object.entries({dest: 'layout', tar: 'false', ...options}));
  const exporter = createExporter('oci', given, ['docker.io/library/app:1']);
  return exporter.export(await shop.built(more), shop.context);
}

interface Document {
  readonly [key: string]: unknown;
  readonly manifests: readonly (Document & {readonly digest: string})[];
  readonly layers: readonly (Document & {readonly digest: string})[];
  readonly config: {readonly digest: string; readonly mediaType: string};
}

function document(digest: string | undefined): Document {
  const parsed = parseDigest(digest ?? '');
  if (parsed === undefined) throw new Error(`${digest} is no digest`);
  const bytes = readFileSync(join(shop.directory, 'layout/blobs/sha256', hexOf(parsed)));
  expect(digestOf(bytes)).toBe(parsed);
  return JSON.parse(bytes.toString()) as Document;
}

describe('an attested image', () => {
  it('has an index with the image and, for no platform, what is said of it', async () => {
    const result = await exported({});
    const [image, said, ...others] = document(result.imageDigest).manifests;
    expect(others).toEqual([]);
    expect(image).toMatchObject({platform: {os: 'linux', architecture: 'amd64'}});
    expect(said).toMatchObject({
      platform: {os: 'unknown', architecture: 'unknown'},
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': image?.digest,
      },
    });
  });

  it('keeps the ID that it would have without', async () => {
    const plain = await exported({dest: 'plain'}, {});
    expect((await exported({})).configDigest).toBe(plain.configDigest);
  });

  it('is the subject of the statement, under its name and digest', async () => {
    const [image, said] = document((await exported({})).imageDigest).manifests;
    const manifest = document(said?.digest);
    expect(manifest.layers).toMatchObject([
      {
        mediaType: 'application/vnd.in-toto+json',
        annotations: {'in-toto.io/predicate-type': 'https://example.com/seen/v1'},
      },
    ]);
    expect(document(manifest.layers[0]?.digest)).toEqual({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://example.com/seen/v1',
      subject: [
        {
          name: 'pkg:docker/app@1?platform=linux%2Famd64',
          digest: {sha256: image?.digest.slice('sha256:'.length)},
        },
      ],
      predicate: {seen: true},
    });
    expect(document(manifest.config.digest)).toMatchObject({
      os: 'unknown',
      rootfs: {diff_ids: [manifest.layers[0]?.digest]},
    });
  });

  it('is an OCI artifact with a subject and an empty config when asked', async () => {
    const [image, said] = document((await exported({'oci-artifact': 'true'})).imageDigest).manifests;
    const manifest = document(said?.digest);
    expect(manifest).toMatchObject({
      artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
      config: {mediaType: 'application/vnd.oci.empty.v1+json', size: 2},
    });
    expect(manifest['subject']).toEqual({
      mediaType: image?.['mediaType'],
      digest: image?.digest,
      size: image?.['size'],
    });
  });
});

it('an image of which nothing is said has no index', async () => {
  const result = await exported({}, {});
  expect(result.descriptor?.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
});
