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
  const Healthcheck = {Test: ['CMD', '/ok'], Interval: 90_000_000_000};
  await stored.add(['docker.io/library/watched:1'], {layers, config: {Healthcheck, StopSignal: 'SIGINT'}});
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
    for (const name of ['Healthcheck', 'StopSignal', 'ArgsEscaped']) {
      expect(image['Config']).not.toHaveProperty(name);
    }
    expect(image).not.toHaveProperty('Variant');
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

  it.each([
    ['web:1', '{{.Variant}}{{.OsVersion}}{{.Config.StopSignal}}|{{.Config.ArgsEscaped}}', '|false'],
    ['web:1', '{{.Config.Healthcheck}} {{json .Config.Healthcheck}}', '<nil> null'],
    ['watched:1', '{{.Config.Healthcheck}} {{.Config.StopSignal}}', '{[CMD /ok] 1m30s 0s 0s 0s 0} SIGINT'],
    ['watched:1', '{{json .Config.Healthcheck}}', '{"Test":["CMD","/ok"],"Interval":90000000000}'],
  ])('of %s %s shows what Go shows of what is not set', async (image, format, expected) => {
    expect((await stored.run(['inspect', '-f', format, image])).out).toBe(`${expected}\n`);
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
