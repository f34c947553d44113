import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  familiarName,
  isReferenceProblem,
  manifestName,
  normalisedName,
  parseReference,
  type Reference,
  repositoryName,
} from '../../src/oci/reference.ts';

const hex = 'a'.repeat(64);

function parsed(text: string): Reference {
  const reference = parseReference(text);
  if (isReferenceProblem(reference)) throw new Error(`${text}: ${reference.problem}`);
  return reference;
}

function problemOf(text: string): string {
  const reference = parseReference(text);
  return isReferenceProblem(reference) ? reference.problem : `no problem: ${normalisedName(reference)}`;
}

describe('a reference', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest', 'busybox'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['me/app', 'docker.io/me/app:latest', 'me/app'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox'],
    ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox'],
    ['library/busybox', 'docker.io/library/busybox:latest', 'busybox'],
    ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app'],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
    ['ghcr.io/a/b/c:x', 'ghcr.io/a/b/c:x', 'ghcr.io/a/b/c:x'],
    ['Registry/app', 'Registry/app:latest', 'Registry/app'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app'],
    ['127.0.0.1:5000/a__b/c--d.e', '127.0.0.1:5000/a__b/c--d.e:latest', '127.0.0.1:5000/a__b/c--d.e'],
    ['host:80', 'docker.io/library/host:80', 'host:80'],
    [`busybox@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`, `busybox@sha256:${hex}`],
    [`busybox:1@sha256:${hex}`, `docker.io/library/busybox:1@sha256:${hex}`, `busybox:1@sha256:${hex}`],
  ])('%s is %s', (text, normalised, familiar) => {
    expect(normalisedName(parsed(text))).toBe(normalised);
    expect(familiarName(parsed(text))).toBe(familiar);
  });

  it('asks a registry for its digest before its tag, and for latest without either', () => {
    expect(manifestName(parsed(`a:1@sha256:${hex}`))).toBe(`sha256:${hex}`);
    expect(manifestName(parsed('a:1'))).toBe('1');
    expect(manifestName(parsed('a'))).toBe('latest');
    expect(repositoryName(parsed('a:1'))).toBe('docker.io/library/a');
  });
});

describe('what is no reference', () => {
  it.each([
    ['', 'invalid reference format: empty image name'],
    ['Ubuntu', 'invalid reference format: repository name (library/Ubuntu) must be lowercase'],
    ['Ubuntu:22.04', 'invalid reference format: repository name (library/Ubuntu) must be lowercase'],
    ['ghcr.io/Me/app', 'invalid reference format: repository name (Me/app) must be lowercase'],
    [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
    ['busybox:', 'invalid reference format'],
    ['busybox@', 'invalid reference format'],
    ['-busybox', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['a/b/', 'invalid reference format'],
    ['/a', 'invalid reference format'],
    ['a b', 'invalid reference format'],
    ['a___b', 'invalid reference format'],
    ['a..b', 'invalid reference format'],
    ['host:port/app', 'invalid reference format'],
    ['-host.io/app', 'invalid reference format'],
    ['a:-x', 'invalid reference format'],
    [`a:${'x'.repeat(129)}`, 'invalid reference format'],
    ['a@sha256:abc', 'invalid reference format'],
    [`a@sha256:${'a'.repeat(40)}`, 'invalid checksum digest length'],
    [`a@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
    [`a@sha512:${'a'.repeat(128)}`, 'unsupported digest algorithm: sha512'],
    [`x/${'a'.repeat(255)}`, 'repository name must not be more than 255 characters'],
    ['a\nb', 'invalid reference format'],
    ['a\n', 'invalid reference format'],
    ['https://docker.io/busybox', 'invalid reference format'],
  ])('%j: %s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });
});

const letters = (characters: string, max: number): fc.Arbitrary<string> =>
  fc.string({unit: fc.constantFrom(...characters), minLength: 1, maxLength: max});
const word = letters('abc019', 5);
const component = fc
  .array(fc.tuple(word, fc.constantFrom('.', '_', '__', '-', '--')), {minLength: 1, maxLength: 3})
  .map((parts) => parts.map(([part, separator], index) => (index === 0 ? part : separator + part)).join(''));
const path = fc.array(component, {minLength: 1, maxLength: 3}).map((parts) => parts.join('/'));
const domain = fc.oneof(
  fc.constantFrom('docker.io', 'localhost', 'localhost:5000', '[::1]:5000', 'Host', 'a.b:443'),
  fc.tuple(word, word).map(([a, b]) => `${a}.${b}`),
);
const tag = fc
  .tuple(letters('aB_0', 1), fc.string({unit: fc.constantFrom(...'aB0_.-'), maxLength: 20}))
  .map((t) => t.join(''));
const digest = fc.string({unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64});
const spelled = fc.record({domain, path, tag: fc.option(tag), digest: fc.option(digest)}).map((parts) => {
  const suffix = `${parts.tag === null ? '' : `:${parts.tag}`}${parts.digest === null ? '' : `@sha256:${parts.digest}`}`;
  return `${parts.domain}/${parts.path}${suffix}`;
});

describe('every reference', () => {
  it('is read back from its normalised name', () => {
    fc.assert(
      fc.property(spelled, (text) => {
        const name = normalisedName(parsed(text));
        expect(normalisedName(parsed(name))).toBe(name);
      }),
    );
  });

  it('means the same in its familiar name', () => {
    fc.assert(
      fc.property(spelled, (text) => {
        const reference = parsed(text);
        expect(parsed(familiarName(reference))).toEqual(reference);
      }),
    );
  });

  it('is a reference or a problem for any text, without an exception', () => {
    const any = fc.oneof(fc.string(), fc.string({unit: fc.constantFrom(...'aA0:/@._-[] \n'), maxLength: 20}));
    fc.assert(
      fc.property(any, (text) => {
        const reference = parseReference(text);
        if (!isReferenceProblem(reference)) expect(normalisedName(reference)).toMatch(/^[^\s]+$/);
      }),
    );
  });
});
