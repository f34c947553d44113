import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../../../src/oci/descriptor.ts';
import {startRegistry, type TestRegistry} from '../../../support/registry.ts';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
let registry: TestRegistry | undefined;
let images: Descriptor[];
beforeAll(async () => {
  stored = new StoredImages();
  registry = await startRegistry({});
  const made = ['riscv64', 's390x'].map((architecture) =>
    stored.add([], {
      layers: [{entries: [{path: 'a', content: architecture}]}],
      platform: {os: 'linux', architecture},
    }),
  );
  images = await Promise.all(made);
  await stored.addIndex([`${registry?.address}/team/both:1`], images);
});
afterAll(async () => {
  await registry?.close();
  stored[Symbol.dispose]();
});

describe('push', () => {
  it('--platform sends one image of an index, under the same name', async (test) => {
    if (registry === undefined) return test.skip();
    const name = `${registry.address}/team/both:1`;
    const digest = images[1]?.digest;
    const {code, out, err} = await stored.run(['push', '--platform', 'linux/s390x', name]);
    expect([code, out]).toEqual([0, expect.stringMatching(`^1: digest: ${digest} size: \\d+\\n$`)]);
    expect(err).not.toContain(images[0]?.digest);
    expect((await stored.run(['imagetools', 'inspect', name])).out).toContain(digest);
    expect((await stored.run(['push', name])).out).not.toContain(digest);
    expect((await stored.run(['push', '--platform', 'linux/arm64', name])).err).toContain(
      'is for linux/riscv64, linux/s390x',
    );
  });
});

describe('pull', () => {
  it('of an image that is in no index says when it is for another platform than was asked for', async (test) => {
    if (registry === undefined) return test.skip();
    const {reference} = await registry.pushImage({
      name: 'team/single',
      layers: [{entries: [{path: 'a', content: 'a'}]}],
      platform: {os: 'linux', architecture: 's390x'},
    });
    const told = `warning: ${reference} is for linux/s390x, not for linux/riscv64\n`;
    const asked = await stored.run(['pull', '-q', '--platform', 'linux/riscv64', reference]);
    expect(asked).toEqual({code: 0, out: `${reference}\n`, err: told});
    const env = {DOCKER_DEFAULT_PLATFORM: 'linux/riscv64'};
    expect((await stored.run(['pull', '-q', reference], {env})).err).toContain(told);
    expect((await stored.run(['pull', '-q', reference])).err).not.toContain('warning');
    expect((await stored.run(['pull', '-q', '--platform', 's390x', reference])).err).not.toContain('warning');
  });
});
