// What is said of images, what they are made of, and what they may be made of: attestations as foreign tools meet them,
// verify, lock and source policy, each on whole builds.

import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {newKeyPair} from '../../src/signature/keys.ts';
import {type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;
let server: Server;
let body = 'first';

beforeAll(async () => {
  space = await workspaceWithBases();
  server = createServer((_, answer) => answer.end(body));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});
afterAll(async () => {
  server?.close();
  await space?.[Symbol.asyncDispose]();
});

const at = (name: string): string => join(space.folder, name);
const urlOf = (name: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;

interface Document {
  readonly [key: string]: unknown;
  readonly manifests: readonly {readonly digest: string}[];
  readonly layers: readonly {readonly digest: string}[];
}

function blobOf(layout: string, digest = ''): Document {
  return JSON.parse(readFileSync(join(layout, 'blobs/sha256', digest.slice(7)), 'utf8')) as Document;
}

/** The statements about the image of a layout directory. */
function statementsOf(layout: string): readonly Document[] {
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Document;
  const [, said] = blobOf(layout, index.manifests[0]?.digest).manifests;
  return blobOf(layout, said?.digest).layers.map(({digest}) => blobOf(layout, digest));
}

const epoch = ['--build-arg', 'SOURCE_DATE_EPOCH=1700000000'];

describe('attestations', () => {
  it('say what an image was made of, and verify agrees', async () => {
    const context = await space.context({
      Dockerfile: [
        'FROM busybox',
        `ADD ${urlOf('file')} /file`,
        'COPY node_modules /srv/node_modules',
        'RUN --mount=type=secret,id=token rm -r /srv/node_modules/gone && cat /run/secrets/token >/dev/null\n',
      ].join('\n'),
      'node_modules/kept/package.json': '{"name":"kept","version":"1.0.0"}',
      'node_modules/gone/package.json': '{"name":"gone","version":"1.0.0"}',
    });
    writeFileSync(at('token'), 'very-secret-token');
    const output = ['-o', `type=oci,dest=${at('said')},tar=false`];
    const secret = ['--secret', `id=token,src=${at('token')}`];
    const asked = ['--attest', 'type=provenance', '--sbom=true'];
    await space.build([...asked, ...secret, ...output, '-t', 'said', context]);
    const statements = statementsOf(at('said'));
    expect(statements.map(({predicateType}) => predicateType)).toEqual([
      'https://spdx.dev/Document',
      'https://slsa.dev/provenance/v1',
    ]);
    const text = JSON.stringify(statements);
    expect(text).toContain(createHash('sha256').update('first').digest('hex'));
    expect(text).toContain('pkg:docker/busybox@latest?platform=linux%2F');
    expect(text).toContain('pkg:npm/kept@1.0.0');
    expect(text).not.toContain('pkg:npm/gone');
    expect(text).not.toContain('very-secret-token');
    const run = await space.run(['verify', at('said')]);
    expect([run.code, run.stdout.toString()]).toEqual([0, 'ok\n']);
  });

  it('name a base image by its index, looked up or remembered, and the commit of the context', async () => {
    const base = `${space.registry?.address}/e2e/indexed:1`;
    const first = await space.context({Dockerfile: 'FROM scratch\nCOPY a /a\n', a: 'a'});
    const pushed = await space.build(['--push', '--provenance=true', '-t', base, first]);
    const index = /exporting manifest list (sha256:[0-9a-f]{64})/.exec(pushed.stderr)?.[1] ?? '';
    const context = await space.context({Dockerfile: `FROM ${base}\nCOPY a /b\n`, a: 'a'});
    const git = (...words: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], {
        cwd: context,
        encoding: 'utf8',
      }).trim();
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    for (const name of ['asked', 'remembered']) {
      await space.build(['--provenance=mode=min', '-o', `type=oci,dest=${at(name)},tar=false`, context]);
      const [statement] = statementsOf(at(name));
      expect(statement?.['predicate']).toMatchObject({
        buildDefinition: {resolvedDependencies: [{digest: {sha256: index.slice(7)}}]},
        runDetails: {
          metadata: {
            buildkit_metadata: {vcs: {revision: git('rev-parse', 'HEAD'), 'localdir:context': '.'}},
          },
        },
      });
    }
  });

  it('are the same bytes for the same build with SOURCE_DATE_EPOCH, also without a cache', async () => {
    const context = await space.context({Dockerfile: 'FROM busybox\nCOPY a /a\n', a: 'a'});
    const indexes: string[] = [];
    for (const name of ['one', 'two']) {
      const output = `type=oci,dest=${at(name)},tar=false`;
      const args = [
        ...epoch,
        '--provenance=mode=max',
        '--sbom=true',
        '--no-cache',
        '-t',
        'same',
        '-o',
        output,
        context,
      ];
      await space.build(args);
      indexes.push(readFileSync(join(at(name), 'index.json'), 'utf8'));
    }
    expect(indexes[1]).toBe(indexes[0]);
  });

  it('are referrers of the image where that is asked for, and verify reads them', async () => {
    const {address} = space.registry ?? {};
    const documentAt = async (tag: string): Promise<Document> => {
      const headers = {
        accept: 'application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json',
      };
      return (
        await fetch(`http://${address}/v2/e2e/referred/manifests/${tag}`, {headers})
      ).json() as Promise<Document>;
    };
    const built = async (tag: string, content: string): Promise<string> => {
      const context = await space.context({Dockerfile: 'FROM scratch\nCOPY a /a\n', a: content});
      const output = [
        '-o',
        'type=registry,attestation-style=referrers',
        '-t',
        `${address}/e2e/referred:${tag}`,
      ];
      const run = await space.build([...epoch, '--provenance=true', ...output, context]);
      return /pushed manifest for \S+@sha256:([0-9a-f]{64})/.exec(run.stderr)?.[1] ?? '';
    };
    const first = await built('1', 'a');
    expect(await built('1', 'a')).toBe(first);
    expect(await documentAt('1')).toHaveProperty('layers');
    const list = await documentAt(`sha256-${first}`);
    expect(list.manifests).toEqual([
      expect.objectContaining({artifactType: 'application/vnd.docker.attestation.manifest.v1+json'}),
    ]);
    const verified = async (tag: string): Promise<[number | null, string]> => {
      const run = await space.run([
        'verify',
        '--progress=quiet',
        `registry://${address}/e2e/referred:${tag}`,
      ]);
      return [run.code, run.stdout.toString()];
    };
    expect(await verified('1')).toEqual([0, 'ok\n']);
    // Nothing vouches for what no index lists, unless it is signed.
    const {privatePem, publicPem} = newKeyPair('', {N: 16, r: 8, p: 1});
    writeFileSync(at('referred.key'), privatePem);
    writeFileSync(at('referred.pub'), publicPem);
    const name = `${address}/e2e/referred:1`;
    const sign = ['sign', '--progress=quiet', '--key', at('referred.key')];
    const verify = ['verify', '--progress=quiet', '--key', at('referred.pub'), name];
    const env = {COSIGN_PASSWORD: ''};
    expect((await space.run([...sign, name], {env})).stderr).toBe('');
    const unsigned = await space.run(verify);
    expect([unsigned.code, unsigned.stdout.toString()]).toEqual([
      1,
      expect.stringMatching(
        RegExp(
          `^sha256:\\S+, which says https://slsa.dev/provenance/v1 of sha256:${first}, is not signed\n$`,
        ),
      ),
    ]);
    await space.run([...sign, '--attestations', name], {env});
    const signed = await space.run(verify);
    expect([signed.code, signed.stdout.toString()]).toEqual([0, 'ok\n']);
    // An attestation that somebody lists for another image than its own.
    const second = await built('2', 'b');
    const put = await fetch(`http://${address}/v2/e2e/referred/manifests/sha256-${second}`, {
      method: 'PUT',
      headers: {'content-type': 'application/vnd.oci.image.index.v1+json'},
      body: JSON.stringify(list),
    });
    expect(put.status).toBe(201);
    const [code, text] = await verified('2');
    expect(code).toBe(1);
    expect(text).toContain(`its subject is sha256:${first}, its index says sha256:${second}`);
  });

  it('are signed with what is pushed, by a key of which nothing is kept', async () => {
    const {address} = space.registry ?? {};
    const {privatePem, publicPem} = newKeyPair('pass-of-the-key', {N: 16, r: 8, p: 1});
    writeFileSync(at('mine.pub'), publicPem);
    writeFileSync(at('mine.key'), privatePem);
    const name = `${address}/e2e/signed:1`;
    const env = {COSIGN_PASSWORD: 'pass-of-the-key', SIGNING_KEY: privatePem};
    const context = await space.context({Dockerfile: 'FROM scratch\nCOPY a /a\n', a: 'a'});
    const args = ['--sign-key', 'env://SIGNING_KEY', '--provenance=true', '--metadata-file', at('meta')];
    const unpushed = await space.run(['build', ...args, context], {env});
    expect([unpushed.code, unpushed.stderr]).toEqual([
      2,
      expect.stringContaining('--sign-key signs what is pushed, and nothing is'),
    ]);
    const run = await space.run(['build', ...args, '--push', '-t', name, context], {env});
    expect(run.code, run.stderr).toBe(0);
    const verified = await space.run(['verify', '--progress=quiet', '--key', at('mine.pub'), name]);
    expect([verified.code, verified.stdout.toString()]).toEqual([0, 'ok\n']);

    const headers = {
      accept: 'application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json',
    };
    const get = async (path: string) =>
      (await fetch(`http://${address}/v2/e2e/signed/${path}`, {headers})).json();
    const index = (await get('manifests/1')) as Document;
    const image = index.manifests[0]?.digest ?? '';
    const tagged = (await get(`manifests/${image.replace(':', '-')}.att`)) as Document;
    const list = (await get(`manifests/${image.replace(':', '-')}`)) as Document;
    expect(list.manifests).toEqual([
      expect.objectContaining({
        artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        annotations: expect.objectContaining({
          'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1',
        }),
      }),
    ]);
    const envelope = (await get(`blobs/${tagged.layers[0]?.digest}`)) as {payload: string};
    expect(JSON.parse(Buffer.from(envelope.payload, 'base64').toString())).toMatchObject({
      subject: [{digest: {sha256: image.slice(7)}}],
      predicateType: 'https://slsa.dev/provenance/v1',
    });

    const state = readdirSync(space.root, {recursive: true, withFileTypes: true}).filter((entry) =>
      entry.isFile(),
    );
    const kept = state.map(({parentPath, name: file}) => readFileSync(join(parentPath, file), 'latin1'));
    const told = [run.stderr, run.stdout.toString(), readFileSync(at('meta'), 'utf8'), ...kept].join('\n');
    expect(kept.join('\n')).toContain(name);
    for (const secret of ['pass-of-the-key', 'SIGNING_KEY', privatePem.split('\n')[1] ?? ''])
      expect(told).not.toContain(secret);
  });

  it('are files beside a result that is files, about each file there', async () => {
    const context = await space.context({
      Dockerfile: 'FROM scratch\nCOPY a /dir/a\nCOPY b /provenance.json\n',
      a: 'a',
      b: 'of the image',
    });
    const asked = ['--sbom=true', '--provenance=mode=max', ...epoch];
    const output = `type=local,dest=${at('files')},mode=delete,attestation-prefix=of.`;
    await space.build([...asked, '--allow', 'buildx.local.delete', '-o', output, context]);
    expect(readdirSync(at('files')).toSorted()).toEqual([
      'dir',
      'of.provenance.json',
      'of.sbom.spdx.json',
      'provenance.json',
    ]);
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    for (const [name, predicateType] of [
      ['of.provenance.json', 'https://slsa.dev/provenance/v1'],
      ['of.sbom.spdx.json', 'https://spdx.dev/Document'],
    ] as const) {
      expect(statSync(join(at('files'), name))).toMatchObject({mode: 0o100600, mtimeMs: 1_700_000_000_000});
      expect(JSON.parse(readFileSync(join(at('files'), name), 'utf8'))).toMatchObject({
        _type: 'https://in-toto.io/Statement/v0.1',
        predicateType,
        subject: [
          {name: 'dir/a', digest: {sha256: sha256('a')}},
          {name: 'provenance.json', digest: {sha256: sha256('of the image')}},
        ],
      });
    }
    const inline = ['--sbom=true', '--provenance=inline-only=true', ...epoch];
    await space.build([...inline, '-o', `type=tar,dest=${at('files.tar')},platform-split=true`, context]);
    const members = execFileSync('tar', ['tf', at('files.tar')], {encoding: 'utf8'})
      .trimEnd()
      .split('\n');
    expect(members.map((name) => name.replace(/^linux_[^/]+\//, ''))).toEqual([
      '',
      'dir/',
      'dir/a',
      'provenance.json',
      '',
      'sbom.spdx.json',
    ]);
  });

  it('are made by the image of a scanner, which sees the result and what else is to be scanned', async () => {
    const script = [
      '#!/bin/sh',
      'touch "$BUILDKIT_SCAN_SOURCE/new" 2>/dev/null && exit 9',
      'files=$(cd "$BUILDKIT_SCAN_SOURCE" && echo *)',
      'extras=$(ls "$BUILDKIT_SCAN_SOURCE_EXTRAS" | tr "\\n" " ")',
      'echo "{\\"_type\\":\\"https://in-toto.io/Statement/v0.1\\",\\"predicateType\\":\\"$KIND\\",' +
        '\\"predicate\\":{\\"name\\":\\"$files + $extras\\"}}" >"$BUILDKIT_SCAN_DESTINATION/a.spdx.json"',
    ].join('\n');
    const scanner = await space.context({
      Dockerfile: 'FROM busybox\nCOPY --chmod=755 scan /scan\nENTRYPOINT ["/scan"]\n',
      scan: `${script}\n`,
    });
    await space.build(['-t', 'scanner', scanner]);
    const context = await space.context({
      Dockerfile:
        'ARG BUILDKIT_SBOM_SCAN_STAGE=tools\nFROM busybox AS tools\nRUN echo a >/tool\nFROM scratch\n' +
        'ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nCOPY --from=tools /tool /\nCOPY own /\n',
      own: 'own\n',
    });
    const output = ['-o', `type=oci,dest=${at('scanned')},tar=false`];
    const attest = (type: string) => ['--attest', `type=sbom,generator=scanner,KIND=${type}`];
    const scanned = (type: string, more: readonly string[] = []) =>
      space.run(['build', ...attest(type), ...more, ...output, context]);
    expect((await scanned('https://spdx.dev/Document', ['--provenance=mode=min'])).code).toBe(0);
    const [statement, provenance] = statementsOf(at('scanned'));
    expect(JSON.stringify(provenance)).toContain('pkg:docker/scanner@latest?platform=linux%2F');
    expect(statement?.['predicate']).toEqual({name: 'own tool + sbom-context sbom-tools '});
    expect((await space.run(['verify', at('scanned')])).stdout.toString()).toBe('ok\n');
    const refused = await scanned('https://example.com/other');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('wrote a.spdx.json, which is no in-toto statement of an SPDX document');

    const locked = await space.run(['lock', context]);
    expect(locked.stdout.toString()).not.toContain('scanner');
    const unlocked = await scanned('https://spdx.dev/Document', ['--locked']);
    expect([unlocked.code, unlocked.stderr]).toEqual([
      1,
      expect.stringContaining('docker.io/library/scanner:latest for linux/'),
    ]);
    const relocked = await space.run(['lock', ...attest('https://spdx.dev/Document'), context]);
    expect(relocked.stdout.toString()).toMatch(
      /^added docker\.io\/library\/scanner:latest linux\/\S+ sha256:/,
    );
    expect((await scanned('https://spdx.dev/Document', ['--locked'])).code).toBe(0);
  });

  it('are not made unless asked for', async () => {
    const context = await space.context({Dockerfile: 'FROM scratch\nCOPY a /a\n', a: 'a'});
    await space.build(['--provenance=false', '-o', `type=oci,dest=${at('plain')},tar=false`, context]);
    expect(readFileSync(join(at('plain'), 'index.json'), 'utf8')).not.toContain(
      'image.index.v1+json","digest"',
    );
  });
});

describe('a locked build', () => {
  it('takes what the lock says, and nothing else', async () => {
    body = 'first';
    const context = await space.context({Dockerfile: `FROM busybox\nADD ${urlOf('locked')} /file\n`});
    const refused = await space.run(['build', '--locked', '-o', 'type=cacheonly', context]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('cannot read the lock file');
    const locked = await space.run(['lock', context]);
    expect(locked.stdout.toString()).toMatch(/^added docker\.io\/library\/busybox:latest linux\/\S+ sha256:/);
    expect(locked.stdout.toString()).toContain(`added ${urlOf('locked')} sha256:`);
    await space.build(['--locked', '-o', 'type=cacheonly', context]);

    body = 'second';
    rmSync(space.root, {recursive: true, force: true});
    const moved = await space.run(['build', '--locked', '-o', 'type=cacheonly', context]);
    expect(moved.code).toBe(1);
    expect(moved.stderr).toContain('digest mismatch');
    const kept = await space.run(['lock', '--update', 'busybox', context]);
    expect(kept.code).toBe(1);
    const updated = await space.run(['lock', '--update', urlOf('locked'), context]);
    expect(updated.stdout.toString()).toMatch(
      new RegExp(`^updated ${urlOf('locked')} sha256:\\S+ -> sha256:\\S+\n$`),
    );
    await space.build(['--locked', '-o', 'type=cacheonly', context]);
  });
});

it('a source policy stands before every source', async () => {
  const context = await space.context({Dockerfile: `FROM busybox\nADD ${urlOf('policy')} /file\n`});
  const policy = at('policy.json');
  writeFileSync(policy, JSON.stringify({rules: [{action: 'DENY', selector: {identifier: 'http://*'}}]}));
  const run = await space.run(['build', '-o', `type=local,dest=${at('nothing')}`, context], {
    env: {EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: policy},
  });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`source "${urlOf('policy')}" denied by policy`);
  expect(existsSync(at('nothing'))).toBe(false);
});
