import {describe, expect, it} from 'vitest';
import {
  formatPlatform,
  type Platform,
  parsePlatform,
  platformRank,
  runnablePlatforms,
} from '../../src/oci/platform.ts';

function platform(text: string): Platform {
  const parsed = parsePlatform(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

describe('a platform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['Linux/AMD64', 'linux/amd64'],
  ])('%s is %s', (text, expected) => {
    expect(formatPlatform(platform(text))).toBe(expected);
  });

  it('may tell the version of its system', () => {
    expect(platform('windows(10.0.17763)/amd64')).toEqual({
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.17763',
    });
  });

  it.each(['linux/', 'a/b/c/d', 'nonsense', 'constructor', ''])('%j is none', (text) => {
    expect(parsePlatform(text)).toHaveProperty('problem');
  });
});

describe('what runs where', () => {
  it.each([
    ['linux/amd64', ['linux/amd64', 'linux/386']],
    ['linux/amd64/v3', ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64', 'linux/386']],
    ['linux/arm/v7', ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5']],
    ['linux/arm/v6', ['linux/arm/v6', 'linux/arm/v5']],
    ['linux/arm64', ['linux/arm64', 'linux/arm/v8', 'linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5']],
    ['linux/s390x', ['linux/s390x']],
  ])('%s runs %j, best first', (wanted, expected) => {
    expect(runnablePlatforms(platform(wanted)).map(formatPlatform)).toEqual(expected);
  });

  it.each([
    ['linux/amd64', {os: 'linux', architecture: 'amd64'}, 0],
    ['linux/amd64', {os: 'linux', architecture: 'x86_64', variant: 'v1'}, 0],
    ['linux/amd64', {os: 'linux', architecture: 'amd64', variant: 'v3'}, undefined],
    ['linux/arm64', {os: 'linux', architecture: 'arm64', variant: 'v8'}, 0],
    ['linux/arm64', {os: 'linux', architecture: 'arm', variant: '7'}, 2],
    ['linux/arm/v7', {os: 'linux', architecture: 'arm'}, 0],
    ['linux/arm/v6', {os: 'linux', architecture: 'arm', variant: 'v7'}, undefined],
    ['linux/amd64', {os: 'windows', architecture: 'amd64'}, undefined],
    ['linux/amd64', {os: 'unknown', architecture: 'unknown'}, undefined],
    ['linux/amd64', {os: 'linux', architecture: 'amd64', variant: ''}, 0],
  ])('for %s an image of %j ranks %s', (wanted, offered, rank) => {
    expect(platformRank(platform(wanted), offered)).toBe(rank);
  });
});
