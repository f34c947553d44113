import {expect, it} from 'vitest';
import {imagePackageUrl, packageUrl} from '../../src/oci/package-url.ts';

const amd64 = {os: 'linux', architecture: 'amd64'};

it('docker’s own images have short names, others their registry', () => {
  expect(imagePackageUrl('docker.io/library/alpine:3', amd64)).toBe(
    'pkg:docker/alpine@3?platform=linux%2Famd64',
  );
  expect(imagePackageUrl('docker.io/me/app:1', amd64)).toBe('pkg:docker/me/app@1?platform=linux%2Famd64');
  expect(imagePackageUrl('ghcr.io/me/app', {...amd64, architecture: 'arm', variant: 'v7'})).toBe(
    'pkg:docker/ghcr.io/me/app@latest?platform=linux%2Farm%2Fv7',
  );
});

it('a digest is a qualifier, and no tag is invented beside one', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  expect(imagePackageUrl(`docker.io/library/a@${digest}`, amd64)).toBe(
    `pkg:docker/a?digest=${digest}&platform=linux%2Famd64`,
  );
});

it('what has a meaning in a URL is encoded', () => {
  expect(packageUrl({type: 'npm', namespace: '@scope', name: 'a b', version: '1+2'})).toBe(
    'pkg:npm/%40scope/a%20b@1%2B2',
  );
  expect(packageUrl({type: 'deb', name: 'a', qualifiers: {b: '2', a: '1', empty: ''}})).toBe(
    'pkg:deb/a?a=1&b=2',
  );
});
