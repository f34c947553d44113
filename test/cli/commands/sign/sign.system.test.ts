import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished} from 'vitest';
import {
  putSignedStatement,
  type SignatureForm,
  type Statement,
} from '../../../../src/build/transfer/signatures.ts';
import {generateKeyPair} from '../../../../src/cli/commands/generate-key-pair/generate-key-pair.ts';
import {signingKeyAt} from '../../../../src/cli/commands/sign/key-file.ts';
import {sign} from '../../../../src/cli/commands/sign/sign.ts';
import {verify} from '../../../../src/cli/commands/verify/verify.ts';
import {emptyConfig} from '../../../../src/config/config.ts';
import {BuildError} from '../../../../src/diagnostics/build-error.ts';
import {predicateTypeAnnotation, statementMediaType} from '../../../../src/oci/attestation-marks.ts';
import {digestOf} from '../../../../src/oci/digest.ts';
import {mediaTypes} from '../../../../src/oci/media-types.ts';
import {isReferenceProblem, parseReference} from '../../../../src/oci/reference.ts';
import {newKeyPair} from '../../../../src/signature/keys.ts';
import {RegistryClient} from '../../../../src/sources/registry/client.ts';
import {tellReferrers} from '../../../../src/sources/registry/push/referrers.ts';
import {blobInMemory} from '../../../../src/sources/registry/push/stored-blob.ts';
import {RepositoryReader} from '../../../../src/sources/registry/repository-reader.ts';
import {startFakeRegistry} from '../../../support/fake-registry.ts';
import {startRegistry, type TestRegistry} from '../../../support/registry.ts';
import {commandCall} from '../../command-call.ts';
import {memoryIo} from '../../memory-io.ts';

let folder: string;
let registry: TestRegistry | undefined;
const env = {COSIGN_PASSWORD: 'secret'};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-sign-'));
  registry = await startRegistry();
  for (const prefix of ['mine', 'other']) {
    // Opened in no time; what cosign's keys cost is measured where keys are tested.
    const {privatePem, publicPem} = newKeyPair(env.COSIGN_PASSWORD, {N: 16, r: 8, p: 1});
    writeFileSync(join(folder, `${prefix}.key`), privatePem);
    writeFileSync(join(folder, `${prefix}.pub`), publicPem);
  }
});
afterAll(async () => {
  await registry?.close();
  rmSync(folder, {recursive: true, force: true});
});
beforeEach(({skip}) => {
  if (registry === undefined) skip('no registry');
});

type Flags = readonly (readonly [string, string])[];

async function ran(act: typeof sign, name: string, flags: Flags): Promise<readonly [number, string]> {
  const io = memoryIo({cwd: folder, env});
  const own: Flags = [
    ['root', join(folder, 'state')],
    ['progress', 'quiet'],
  ];
  const code = await act(commandCall(io, [name], [...own, ...flags]));
  return [code, io.out()];
}

async function pushed(name: string, content: string, index = false): Promise<{name: string; digest: string}> {
  const layers = [{entries: [{path: 'a', content}]}];
  const input = {name, layers, ...(index ? {index: [{layers: []}]} : {})};
  const image = await registry?.pushImage(input);
  if (image === undefined) throw new Error('no registry');
  return {name: image.reference, digest: image.digest};
}

async function repositoryOf(name: string) {
  const reference = parseReference(name);
  if (isReferenceProblem(reference)) throw new Error(reference.problem);
  const client = new RegistryClient({config: emptyConfig, environment: {}});
  onTestFinished(() => client.close());
  const {signal} = new AbortController();
  const reader = new RepositoryReader(client, reference, signal, {insecure: true});
  const found = await reader.manifest('latest');
  if (found === undefined) throw new Error(`${name} is not there`);
  const subject = {digest: found.digest, mediaType: found.mediaType, size: found.bytes.length};
  return {subject, reader, writer: client.writer(reference, {insecure: true}), signal};
}

async function putAttestation(name: string, said: Statement, keyName: string, form: SignatureForm) {
  const key = await signingKeyAt(`${keyName}.key`, memoryIo({cwd: folder, env}));
  const {subject, ...repository} = await repositoryOf(name);
  await putSignedStatement(subject, said, {key, forms: [form], note: () => {}, ...repository});
}

/** Nobody's word, as somebody may put it beside an image; what it is, the list does not say. */
async function putUnsigned(name: string, {predicateType, bytes}: Statement): Promise<string> {
  const {subject, writer, signal} = await repositoryOf(name);
  const layer = blobInMemory(bytes);
  const config = blobInMemory(Buffer.from('{}'));
  for (const blob of [layer, config]) await writer.putBlob(blob, signal);
  const manifest = Buffer.from(
    JSON.stringify({
      ...{schemaVersion: 2, mediaType: mediaTypes.manifest, subject},
      config: {mediaType: 'application/vnd.oci.empty.v1+json', digest: config.digest, size: 2},
      layers: [
        {
          ...{mediaType: statementMediaType, digest: layer.digest, size: layer.size},
          annotations: {[predicateTypeAnnotation]: predicateType},
        },
      ],
    }),
  );
  const {mediaType} = subject;
  await writer.putManifest({mediaType, bytes: manifest}, signal);
  const listed = {mediaType, digest: digestOf(manifest), size: manifest.length};
  await tellReferrers(writer, subject.digest, [listed], signal);
  return layer.digest;
}

const mine = [['key', 'mine.pub']] as const;

describe('tsbuild sign', () => {
  it('signs what verify --key then finds signed, by each of several keys', async () => {
    const {name, digest} = await pushed('signed', 'a');
    expect(await ran(verify, name, mine)).toEqual([1, `${digest} is not signed\n`]);
    const repository = name.replace(/:latest$/, '');
    expect(await ran(sign, name, [['key', 'mine.key']])).toEqual([0, `${repository}@${digest}\n`]);
    expect(await ran(verify, name, mine)).toEqual([0, 'ok\n']);
    const [code, text] = await ran(verify, name, [['key', 'other.pub']]);
    expect(code).toBe(1);
    expect(text.replace(/(?<=bundle )\S+/, 'B')).toBe(
      `signature 1 of ${digest} was not made with this key\nbundle B of ${digest} was not made with this key\n`,
    );
    await ran(sign, name, [
      ['key', 'other.key'],
      ['annotations', 'team=a=b'],
    ]);
    expect(await ran(verify, name, mine)).toEqual([0, 'ok\n']);
    expect(await ran(verify, name, [['key', 'other.pub']])).toEqual([0, 'ok\n']);
  });

  it('says a thing once, however often it is asked to', async () => {
    const {name, digest} = await pushed('again', 'a');
    const [host = '', repository = ''] = name.replace(/:latest$/, '').split(/\/(.*)/s);
    const counts = async (): Promise<readonly number[]> => {
      const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
      const of = async (tag: string): Promise<{layers?: unknown[]; manifests?: unknown[]}> =>
        (await (
          await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {headers: {accept}})
        ).json()) as object;
      const tag = `sha256-${digest.slice(7)}`;
      return [(await of(`${tag}.sig`)).layers?.length ?? 0, (await of(tag)).manifests?.length ?? 0];
    };
    for (let round = 0; round < 2; round++) {
      await ran(sign, name, [['key', 'mine.key']]);
      expect(await counts()).toEqual([1, 1]);
    }
    await ran(sign, name, [
      ['key', 'mine.key'],
      ['annotations', 'team=a'],
    ]);
    expect(await counts()).toEqual([2, 2]);
  });

  it.each([
    ['true', 'sha256-HEX', 'sha256-HEX.sig'],
    ['false', 'sha256-HEX.sig', 'sha256-HEX'],
  ])('with --new-bundle-format=%s one form alone is written, and verified', async (value, there, absent) => {
    const {name, digest} = await pushed(`form-${value}`, 'a');
    await ran(sign, name, [
      ['key', 'mine.key'],
      ['new-bundle-format', value],
    ]);
    expect(await ran(verify, name, mine)).toEqual([0, 'ok\n']);
    const [code, text] = await ran(verify, name, [['key', 'other.pub']]);
    expect(code).toBe(1);
    expect(text).toMatch(
      /^(?:signature 1|bundle sha256:[0-9a-f]{12}) of sha256:\S+ was not made with this key\n$/,
    );
    const statusOf = async (tag: string): Promise<number> => {
      const [host = '', repository = ''] = name.replace(/:latest$/, '').split(/\/(.*)/s);
      const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
      const path = `v2/${repository}/manifests/${tag.replace('HEX', digest.slice(7))}`;
      return (await fetch(`http://${host}/${path}`, {headers: {accept}})).status;
    };
    expect([await statusOf(there), await statusOf(absent)]).toEqual([200, 404]);
  });

  it('signs no other manifest than the one that was asked for, whatever the registry answers', async () => {
    const liar = await startFakeRegistry();
    onTestFinished(() => liar.close());
    const {digest} = (await liar.addImage('app', '1', {layers: []})).descriptor;
    const other = await liar.addImage('app', '2', {layers: [{entries: [{path: 'a', content: 'a'}]}]});
    liar.fault = ({path}) =>
      path.endsWith(digest)
        ? {
            type: 'answer',
            status: 200,
            headers: {'content-type': other.descriptor.mediaType, 'docker-content-digest': digest},
            body: Buffer.from(other.manifest).toString(),
          }
        : undefined;
    const name = `${liar.address}/app@${digest}`;
    await expect(ran(sign, name, [['key', 'mine.key']])).rejects.toThrow(
      `${name}: the registry answered with a manifest of digest ${other.descriptor.digest}`,
    );
    expect(liar.requests.filter(({method}) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  });

  it('does not sign what the name means later', async () => {
    const {name} = await pushed('moved', 'a');
    await ran(sign, name, [['key', 'mine.key']]);
    const {digest} = await pushed('moved', 'b');
    expect(await ran(verify, name, mine)).toEqual([1, `${digest} is not signed\n`]);
  });

  it('signs every image of an index with --recursive', async () => {
    const {name} = await pushed('several', 'a', true);
    const [, text] = await ran(sign, name, [
      ['key', 'mine.key'],
      ['recursive', 'true'],
    ]);
    const names = text.trim().split('\n');
    expect(names).toHaveLength(3);
    for (const one of names) expect(await ran(verify, one, mine)).toEqual([0, 'ok\n']);
  });

  it('has verify --key look at what is signed as said of the image, too', async () => {
    const {name, digest} = await pushed('attested', 'a');
    await ran(sign, name, [['key', 'mine.key']]);
    const statement = (predicateType: string, of = digest): string => {
      const subject = [{name: '_', digest: {sha256: of.slice(7)}}];
      const predicate = {by: predicateType, at: [1, 2]};
      return JSON.stringify({_type: 'https://in-toto.io/Statement/v1', predicateType, subject, predicate});
    };
    const say = async (predicateType: string, key: string, form: SignatureForm, of = digest) => {
      const bytes = Buffer.from(statement(predicateType, of));
      await putAttestation(name, {predicateType, bytes}, key, form);
    };
    const told = async (): Promise<string> =>
      (await ran(verify, name, mine))[1].replaceAll(/(?<=bundle )\S+/g, 'B');
    await say('https://example.com/scan', 'mine', 'tag');
    expect(await told()).toBe('ok\n');
    // Of a kind that is signed by the key, others may say more.
    await say('https://example.com/scan', 'other', 'bundle');
    expect(await told()).toBe('ok\n');
    await say('https://example.com/review', 'other', 'bundle');
    await say('https://example.com/licence', 'other', 'tag');
    const elsewhere = `sha256:${'ab'.repeat(32)}`;
    await say('https://example.com/moved', 'mine', 'tag', elsewhere);
    expect(await told()).toBe(
      `attestation 2 of ${digest} was not made with this key\n` +
        `attestation 3 of ${digest} is of ${elsewhere}, not of ${digest}\n` +
        `bundle B of ${digest} was not made with this key\n`,
    );
    // Nor does a signature of somebody else's stand in for one of this key.
    const predicateType = 'https://example.com/scan';
    const said = await putUnsigned(name, {predicateType, bytes: Buffer.from(` ${statement(predicateType)}`)});
    expect(await told()).toContain(`${said}, which says ${predicateType} of ${digest}, is not signed\n`);
  });

  it('fails with one sentence when image, key or password is not there', async () => {
    const {name} = await pushed('refused', 'a');
    const refused = (act: typeof sign, what: string, flags: Flags): Promise<string> =>
      ran(act, what, flags).then(
        () => 'nothing',
        (error: unknown) => (error instanceof BuildError ? error.message : String(error)),
      );
    expect(await refused(sign, name, [])).toBe('sign needs a key');
    expect(await refused(sign, name, [['key', 'none.key']])).toBe('cannot read the key none.key: ENOENT');
    expect(await refused(sign, name, [['key', 'mine.pub']])).toBe(
      'mine.pub is no key to use: it holds no private key',
    );
    expect(await refused(sign, name, [['key', 'env://NO_KEY']])).toBe(
      'the environment variable NO_KEY holds no key',
    );
    const hintsOf = async (key: string, password: string): Promise<unknown> => {
      const io = memoryIo({cwd: folder, env: {COSIGN_PASSWORD: password}});
      const failed = sign(commandCall(io, [name], [['key', key]]));
      return failed.catch((error: unknown) => (error as BuildError).diagnostics[0].hints);
    };
    expect(await hintsOf('mine.key', 'wrong')).toEqual(['its password is taken from $COSIGN_PASSWORD']);
    expect(await hintsOf('mine.pub', 'wrong')).toEqual([]);
    const missing = name.replace('refused', 'absent');
    expect(await refused(sign, missing, [['key', 'mine.key']])).toBe(`${missing} is not in its registry`);
    expect(await refused(verify, missing, mine)).toBe(`${missing}: not found`);
  });
});

describe('tsbuild generate-key-pair', () => {
  it('writes a private key that is its owner’s alone, and overwrites nothing', async () => {
    await generateKeyPair(commandCall(memoryIo({cwd: folder, env}), [], [['output-key-prefix', 'new']]));
    expect(statSync(join(folder, 'new.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'new.key'), 'utf8')).toMatch(
      /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY/,
    );
    writeFileSync(join(folder, 'taken.pub'), 'mine');
    const taken = generateKeyPair(
      commandCall(memoryIo({cwd: folder, env}), [], [['output-key-prefix', 'new']]),
    );
    await expect(taken).rejects.toThrow('it is there already');
  });

  it('makes no key without a password unless it is said to be empty', async () => {
    const io = memoryIo({cwd: folder});
    await expect(generateKeyPair(commandCall(io, [], []))).rejects.toThrow(
      '$COSIGN_PASSWORD, which is not set',
    );
  });
});
