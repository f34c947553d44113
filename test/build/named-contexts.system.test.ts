// `--build-context NAME=VALUE`: what the forms of VALUE mean.

import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type NamedContextSet, readNamedContexts} from '../../src/build/named-contexts.ts';
import type {BuildRequest} from '../../src/build/request.ts';
import {digestOf} from '../../src/oci/digest.ts';
import {testIndex} from '../support/test-image.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-named-'));
  mkdirSync(join(folder, 'dir'));
  writeFileSync(join(folder, 'file'), '');
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function read(buildContexts: Readonly<Record<string, string>>): Promise<NamedContextSet> {
  return readNamedContexts({buildContexts, workingDirectory: folder} as unknown as BuildRequest);
}

describe('a named context', () => {
  it('is a directory, relative to where the command was given', async () => {
    const {contexts, trees} = await read({n: 'dir'});
    expect(contexts).toEqual({n: {type: 'local', name: 'n'}});
    expect(trees.get('n')).toEqual({type: 'directory', directory: join(folder, 'dir')});
  });

  it('is an image', async () => {
    const {contexts, trees} = await read({
      n: 'docker-image://alpine',
      'n::linux/arm64': 'docker-image://a/b:1',
    });
    expect(contexts).toEqual({
      n: {type: 'image', reference: 'docker.io/library/alpine:latest'},
      'n::linux/arm64': {type: 'image', reference: 'docker.io/a/b:1'},
    });
    expect(trees.size).toBe(0);
  });

  it('is nothing at all', async () => {
    const {contexts, trees} = await read({n: 'docker-image://scratch'});
    expect(contexts).toEqual({n: {type: 'empty'}});
    expect(trees.size).toBe(0);
  });

  it('is a repository or a file behind a URL', async () => {
    const {trees} = await read({
      a: 'https://example.org/a.git#v1',
      b: 'https://example.org/b.tar',
      c: 'git@example.org:c',
    });
    expect(trees.get('a')).toMatchObject({
      type: 'remote',
      source: {type: 'git', remote: 'https://example.org/a.git', ref: 'v1'},
    });
    expect(trees.get('b')).toEqual({
      type: 'remote',
      source: {type: 'http', url: 'https://example.org/b.tar', filename: 'context'},
    });
    expect(trees.get('c')).toMatchObject({type: 'remote', source: {remote: 'git@example.org:c'}});
  });

  it('is an image in an OCI layout, named by its digest', async () => {
    const digest = digestOf('manifest');
    mkdirSync(join(folder, 'layout'));
    const entry = {mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 8};
    writeFileSync(join(folder, 'layout', 'index.json'), testIndex([entry]).bytes);
    const {contexts, layouts} = await read({
      'app::linux/amd64': 'oci-layout://layout',
      'Not/A-Name': `oci-layout://l@${digest}`,
    });
    const reference = `docker.io/library/app@${digest}`;
    expect(contexts['app::linux/amd64']).toEqual({type: 'image', reference});
    expect(layouts.get(reference)).toEqual({directory: join(folder, 'layout'), root: digest});
    expect(contexts['Not/A-Name']).toEqual({type: 'image', reference: `docker.io/library/layout@${digest}`});
  });

  it.each([
    ['nothing', 'user', /--build-context n: nothing does not exist/],
    ['file', 'user', /file is not a directory/],
    ['target:x', 'usage', /belongs to docker buildx bake/],
    ['docker-image://A', 'usage', /must be lowercase/],
    ['oci-layout://', 'usage', /needs a directory/],
    ['https://example.org/a.git?no=1', 'usage', /unexpected query "no"/],
  ])('is not %s', async (value, kind, message) => {
    await expect(read({n: value})).rejects.toMatchObject({kind, message: expect.stringMatching(message)});
  });
});
