import {describe, expect, it} from 'vitest';
import {fileOf, historyOf, namesOf, planOf, problemsOf} from '../../plan/plan-of.ts';

const digest = `sha256:${'a'.repeat(64)}`;

async function sourceOf(line: string): Promise<unknown> {
  const op = (await planOf(`FROM scratch\n${line}`)).vertex?.inputs[0]?.op;
  return op?.kind === 'source' ? op.source : undefined;
}

describe('ADD', () => {
  it('A81: local archives are unpacked unless --unpack=false', async () => {
    expect(fileOf(await planOf('FROM scratch\nADD a.tar /')).actions[0]).toMatchObject({unpack: true});
    const kept = await planOf('FROM scratch\nADD --unpack=false a.tar /');
    expect(fileOf(kept).actions[0]).toMatchObject({unpack: false});
  });

  it('A83: a URL is a source of its own, named after the end of its path', async () => {
    const plan = await planOf('FROM scratch\nADD https://example.com/d/x.tgz?y /t/');
    expect(plan.vertex?.inputs[0]?.op).toEqual({
      kind: 'source',
      source: {type: 'http', url: 'https://example.com/d/x.tgz?y', filename: 'x.tgz'},
    });
    expect(fileOf(plan).actions).toMatchObject([
      {input: 0, sources: [{path: '/x.tgz', wildcard: false}], destination: '/t/', unpack: false},
    ]);
    expect(namesOf(plan)).toEqual(Array(2).fill('[1/1] ADD https://example.com/d/x.tgz?y /t/'));
    expect(historyOf(plan)).toEqual(['ADD https://example.com/d/x.tgz?y /t/ # buildkit']);
  });

  it('A83: a URL is unpacked only when told to', async () => {
    const plan = await planOf('FROM scratch\nADD --unpack https://example.com/x.tgz /');
    expect(fileOf(plan).actions[0]).toMatchObject({unpack: true});
  });

  it('sources of several kinds keep their order', async () => {
    const plan = await planOf('FROM scratch\nADD a https://example.com/b c <<d /t/\nbody\nd');
    expect(
      fileOf(plan).actions.map((action) => (action.type === 'copy' ? action.sources[0]?.path : 'd')),
    ).toEqual(['/a', '/b', '/c', 'd']);
  });

  it('A84: --checksum is expanded and goes with the download', async () => {
    expect(await sourceOf(`ENV c=${digest}\nADD --checksum=$c https://example.com/x /`)).toMatchObject({
      checksum: digest,
    });
  });

  it.each([
    ['--checksum=DIGEST a /', 'checksum requires HTTP(S) or Git sources'],
    [
      '--checksum=DIGEST https://example.com/a https://example.com/b /',
      "checksum can't be specified for multiple sources",
    ],
    ['--checksum=md5:1234 https://example.com/a /', 'unsupported digest algorithm'],
    ['--checksum=sha256:12 https://example.com/a /', 'invalid checksum digest length'],
    ['--checksum=1234 https://example.com/a /', 'invalid checksum digest format'],
  ])('A84: ADD %s is refused', async (line, message) => {
    expect(await problemsOf(`FROM scratch\nADD ${line.replace('DIGEST', digest)}`)).toEqual([message]);
  });

  it('A85: a git source keeps ref and directory, and loses its .git unless told', async () => {
    expect(await sourceOf('ADD https://example.com/r.git#v1:sub /')).toEqual({
      type: 'git',
      remote: 'https://example.com/r.git',
      ref: 'v1',
      subdirectory: 'sub',
      keepGitDirectory: false,
    });
    expect(await sourceOf('ADD --keep-git-dir=true git@example.com:r /')).toEqual({
      type: 'git',
      remote: 'git@example.com:r',
      keepGitDirectory: true,
    });
  });

  it('A85: what flag and query say must agree', async () => {
    const conflicting = 'ADD --keep-git-dir=false https://example.com/r.git?keep-git-dir=true /';
    expect(await problemsOf(`FROM scratch\n${conflicting}`)).toEqual([
      'inconsistent keep-git-dir configuration',
    ]);
    expect(await problemsOf('FROM scratch\nADD --checksum=ab https://example.com/r.git?commit=cd /')).toEqual(
      ['checksum mismatch "ab" != "cd"'],
    );
  });
});
