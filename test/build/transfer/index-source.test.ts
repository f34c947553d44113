import {describe, expect, it} from 'vitest';
import {indexSources} from '../../../src/build/transfer/index-source.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {
  isReferenceProblem,
  normalisedName,
  parseReference,
  type Reference,
} from '../../../src/oci/reference.ts';

const digest = digestOf('x');

function name(text: string): Reference {
  const reference = parseReference(text);
  if (isReferenceProblem(reference)) throw new Error(reference.problem);
  return reference;
}

const sources = (texts: readonly string[], ...tags: string[]): string[] =>
  indexSources(texts, tags.map(name)).map(({reference}) => normalisedName(reference));

describe('a source of an index', () => {
  it('is a name, or a digest in the only repository that is named', () => {
    expect(sources(['r.io/app:1', digest])).toEqual(['r.io/app:1', `r.io/app@${digest}`]);
    expect(sources([`${digest}\n`], 'r.io/app:2')).toEqual([`r.io/app@${digest}`]);
    expect(sources(['busybox'])).toEqual(['docker.io/library/busybox:latest']);
  });

  it('may be a name in the local store, whose repository no bare digest means', () => {
    expect(indexSources(['store://app:1', digest], [name('r.io/app:1')])).toEqual([
      {reference: {domain: 'docker.io', path: 'library/app', tag: '1'}, stored: true},
      {reference: {domain: 'r.io', path: 'app', digest}},
    ]);
  });

  it('may be a descriptor, whose members are kept', () => {
    const platform = {os: 'linux', architecture: 'arm64', 'os.features': ['x']};
    const [source] = indexSources([JSON.stringify({digest, platform})], [name('r.io/app:1')]);
    expect(source).toEqual({
      reference: {domain: 'r.io', path: 'app', digest},
      said: {digest, platform},
    });
  });

  it.each([
    [[digest], [], 'there is no repository named that has sha256:'],
    [[digest, 'a.io/x'], ['b.io/x:1'], 'several repositories are named'],
    [['sha256:12'], [], '"sha256:12" is no source'],
    [['store://'], [], '"store://" is no source'],
    [['Not A Name'], [], '"Not A Name" is no source'],
    [['{"digest":'], ['b.io/x:1'], 'a source that begins with { is no JSON'],
    [['{"digest":"sha256:1"}'], ['b.io/x:1'], 'a source is no descriptor'],
  ])('that cannot be meant is a mistake: %j for %j', (texts, tags, message) => {
    expect(() => sources(texts, ...tags)).toThrow(message);
  });
});
