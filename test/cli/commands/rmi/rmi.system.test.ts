import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
let id: string;
beforeEach(async () => {
  stored = new StoredImages();
  await stored.add(['docker.io/library/web:1', 'docker.io/library/web:2'], {
    layers: [{entries: [{path: 'a', content: 'a'}]}],
  });
  id = (await stored.run(['images', '-q', '--no-trunc'])).out.trim();
});
afterEach(() => stored[Symbol.dispose]());

const names = async (): Promise<string> => (await stored.run(['images', '--format', '{{.Tag}}'])).out;

describe('rmi', () => {
  it('takes a name away, and with the last one the image', async () => {
    expect((await stored.run(['rmi', 'web:1'])).out).toBe('Untagged: web:1\n');
    expect(await names()).toBe('2\n');
    expect((await stored.run(['rmi', 'web:2'])).out).toBe(`Untagged: web:2\nDeleted: ${id}\n`);
    expect(await names()).toBe('');
  });

  it('refuses an ID with several names, unless forced', async () => {
    const prefix = id.slice(7, 19);
    const {err, code} = await stored.run(['rmi', prefix]);
    expect(code).toBe(1);
    expect(err).toContain('has several names');
    expect(await names()).toBe('1\n2\n');
    expect((await stored.run(['rmi', '-f', prefix])).out).toBe(
      `Untagged: web:1\nUntagged: web:2\nDeleted: ${id}\n`,
    );
    expect(await names()).toBe('');
  });

  it('goes on with the others when one is missing, which -f forgives', async () => {
    const {out, code} = await stored.run(['rmi', 'nothing', 'web:1']);
    expect(out).toBe('Untagged: web:1\n');
    expect(code).toBe(1);
    expect((await stored.run(['rmi', '-f', 'nothing'])).code).toBe(0);
  });
});

describe('tag', () => {
  it('gives an image another name, by name or by ID', async () => {
    expect((await stored.run(['tag', 'web:1', 'reg.example/x'])).code).toBe(0);
    expect((await stored.run(['tag', id.slice(7, 20), 'y:1'])).code).toBe(0);
    const {out} = await stored.run(['images', '-q', '--no-trunc']);
    expect(out).toBe(`${id}\n`);
    expect((await stored.run(['inspect', '-f', '{{.RepoTags}}', 'y:1'])).out).toContain(
      'reg.example/x:latest',
    );
  });

  it('refuses a name that would be taken for an ID', async () => {
    await stored.add(['docker.io/library/web:1'], {layers: []});
    const {err, code} = await stored.run(['tag', 'web:1', 'sha256:abc']);
    expect([code, err]).toEqual([2, expect.stringContaining('an image cannot be called sha256')]);
    expect((await stored.run(['tag', 'web:1', 'reg.example/sha256:abc'])).code).toBe(0);
  });

  it('refuses what is no name', async () => {
    const {err, code} = await stored.run(['tag', 'web:1', 'x/UPPER']);
    expect(code).toBe(2);
    expect(err).toContain('"x/UPPER" is no name');
  });
});
