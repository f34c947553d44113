import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {hostPlatform} from '../../../../src/oci/platform.ts';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
beforeAll(async () => {
  stored = new StoredImages();
  const layers = [{entries: [{path: 'a', content: 'a'}]}];
  const config = {Env: ['A=1', 'B=2'], Labels: {team: 'blue'}, ExposedPorts: {'80/tcp': {}}};
  const here = await stored.add(['docker.io/library/web:1'], {layers, config, platform: hostPlatform()});
  const there = await stored.add([], {layers, platform: {os: 'linux', architecture: 's390x'}});
  await stored.addIndex(['docker.io/library/both:1'], [there, here]);
});
afterAll(() => stored[Symbol.dispose]());

describe('inspect', () => {
  it('has docker’s members, also those that are empty', async () => {
    const {out, code} = await stored.run(['inspect', 'web:1']);
    expect(code).toBe(0);
    const [image] = JSON.parse(out) as [Record<string, unknown>];
    expect(image).toMatchObject({
      RepoTags: ['both:1', 'web:1'],
      Os: 'linux',
      Architecture: hostPlatform().architecture,
      RootFS: {Type: 'layers', Layers: [expect.stringMatching(/^sha256:/)]},
      Config: {Env: ['A=1', 'B=2'], Entrypoint: null, Volumes: null, ExposedPorts: {'80/tcp': {}}},
    });
    expect(image['Config']).not.toHaveProperty('Healthcheck');
    expect(image['Id']).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each([
    ['{{json .Config.Labels}}', '{"team":"blue"}'],
    ['{{range .Config.Env}}{{.}};{{end}}', 'A=1;B=2;'],
    ['{{.Config.Entrypoint}} {{.Config.Volumes}}', '[] map[]'],
    ['{{if .Config.Healthcheck}}yes{{else}}no{{end}}', 'no'],
    ['{{len .RootFS.Layers}} {{.Os}}/{{.Architecture}}', `1 linux/${hostPlatform().architecture}`],
  ])('--format %s', async (format, expected) => {
    expect((await stored.run(['inspect', '-f', format, 'web:1'])).out).toBe(`${expected}\n`);
  });

  it('prints what there is, and tells what there is not', async () => {
    const {out, err, code} = await stored.run(['inspect', '-f', '{{.RepoTags}}', 'wep:1', 'both:1']);
    expect(out).toBe('[both:1 web:1]\n');
    expect(err).toContain('did you mean web:1?');
    expect(code).toBe(1);
  });

  it('takes the platform that is asked for', async () => {
    const platform = (...args: string[]) => stored.run(['inspect', '-f', '{{.Architecture}}', ...args]);
    expect((await platform('--platform=linux/s390x', 'both:1')).out).toBe('s390x\n');
    const {err, code} = await platform('--platform=linux/riscv64', 'both:1');
    expect(err).toContain('is not for linux/riscv64');
    expect(code).toBe(1);
  });
});
