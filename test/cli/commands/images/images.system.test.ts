import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Descriptor} from '../../../../src/oci/descriptor.ts';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
let blue: Descriptor;
beforeAll(async () => {
  stored = new StoredImages();
  const layers = [{entries: [{path: 'a', content: 'a'}]}];
  blue = await stored.add(['docker.io/library/web:1', 'docker.io/me/web:2'], {
    layers,
    config: {Labels: {team: 'blue'}},
  });
  const red = await stored.add(['reg.example/db:9'], {layers, config: {Labels: {team: 'red', tier: 'x'}}});
  await stored.add([`<none>@${red.digest}`], {layers, platform: {os: 'linux', architecture: 's390x'}});
});
afterAll(() => stored[Symbol.dispose]());

async function listed(...args: string[]): Promise<string[]> {
  const {out, code, err} = await stored.run(['images', '--format', '{{.Repository}}:{{.Tag}}', ...args]);
  expect(err).toBe('');
  expect(code).toBe(0);
  return out.trim() === '' ? [] : out.trim().split('\n').sort();
}

describe('images', () => {
  it('lists every name, in docker’s columns and the platform', async () => {
    const {out} = await stored.run(['images']);
    expect(out.split('\n')[0]?.split(/\s{3,}/)).toEqual([
      'REPOSITORY',
      'TAG',
      'IMAGE ID',
      'PLATFORM',
      'CREATED',
      'SIZE',
    ]);
    expect(await listed()).toEqual(['<none>:<none>', 'me/web:2', 'reg.example/db:9', 'web:1']);
  });

  it('has docker’s raw format, a line for each field and an empty one behind', async () => {
    const raw = ['images', '--format', 'raw', 'web:1'];
    const {out} = await stored.run(raw);
    expect(out).toMatch(
      /^repository: web\ntag: 1\nimage_id: [0-9a-f]{12}\ncreated_at: .+\nvirtual_size: [\d.]+k?B\n\n$/,
    );
    expect((await stored.run([...raw, '--digests'])).out).toContain(`\ndigest: ${blue.digest}\nimage_id: `);
    expect((await stored.run([...raw, '-q'])).out).toMatch(/^image_id: [0-9a-f]{12}\n$/);
  });

  it.each<[args: string[], names: string[]]>([
    [['web'], ['web:1']],
    [['web:2'], []],
    [['*/web'], ['me/web:2']],
    [
      ['-f', 'reference=*/*:*'],
      ['me/web:2', 'reg.example/db:9'],
    ],
    [
      ['-f', 'label=team=blue'],
      ['me/web:2', 'web:1'],
    ],
    [['--filter', 'label=team', '--filter', 'label=tier'], ['reg.example/db:9']],
    [['--filter=dangling=true'], ['<none>:<none>']],
    [['--filter=dangling=false', 'reg.example/*'], ['reg.example/db:9']],
    [['--filter=since=web:1'], []],
    [['--filter=until=1h', 'web'], ['web:1']],
    [['--filter=until=2020-01-31T10:00:00Z'], []],
    [['--filter=until=1800000000', '*/web'], ['me/web:2']],
  ])('%j leaves %j', async (args, names) => {
    expect(await listed(...args)).toEqual(names);
  });

  it('-q prints each ID once, --no-trunc whole', async () => {
    expect((await stored.run(['images', '-q', '*/web'])).out).toMatch(/^[0-9a-f]{12}\n$/);
    expect((await stored.run(['images', '-q', '--no-trunc', 'web'])).out).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  });

  it('--digests shows the digest that a registry would know', async () => {
    expect((await stored.run(['images', '--digests', 'web'])).out).toContain(blue.digest);
  });

  it('refuses a time that is none', async () => {
    const {code, err} = await stored.run(['images', '--filter', 'until=yesterday']);
    expect(code).toBe(2);
    expect(err).toContain('until expects a time, got "yesterday"');
  });

  it('refuses a filter that there is not', async () => {
    const {code, err} = await stored.run(['images', '--filter', 'labels=x']);
    expect(code).toBe(2);
    expect(err).toContain('did you mean label?');
  });
});
