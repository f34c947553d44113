import {existsSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {createExporter} from '../../../src/exporters/index.ts';
import {amd64, armV7, workshop} from '../fake-image.ts';

describe('type=local', () => {
  it('makes the directory and has the helper copy the tree into it', async () => {
    using shop = workshop();
    await createExporter('local', new Map([['dest', 'a/b']]), []).export(await shop.built(), shop.context);
    const directory = join(shop.directory, 'a/b');
    expect(existsSync(directory)).toBe(true);
    const [request] = shop.context.requests;
    expect(request?.slice(0, 2)).toEqual(['copy', `upper=${directory}`]);
    expect(request).toEqual(expect.arrayContaining(['layer=/layers/new', 'layer=/layers/base', 'owner=0:0']));
  });

  it('makes a directory for each platform of a list', async () => {
    using shop = workshop();
    const built = await shop.list([amd64, armV7]);
    await createExporter('local', new Map([['dest', 'out']]), []).export(built, shop.context);
    expect(shop.context.requests.map((request) => request[1])).toEqual([
      `upper=${join(shop.directory, 'out/linux_amd64')}`,
      `upper=${join(shop.directory, 'out/linux_arm_v7')}`,
    ]);
    expect(shop.context.notes).toContain('copying files linux/arm/v7');
  });

  it('refuses a platform-split that is neither true nor false', () => {
    const options = new Map([
      ['dest', 'out'],
      ['platform-split', 'maybe'],
    ]);
    expect(() => createExporter('local', options, [])).toThrow(
      /platform-split=true or platform-split=false, got "maybe"/,
    );
  });

  it('where a file is in the way is told plainly', async () => {
    using shop = workshop();
    writeFileSync(join(shop.directory, 'a'), '');
    const exporter = createExporter('local', new Map([['dest', 'a/b']]), []);
    await expect(exporter.export(await shop.built(), shop.context)).rejects.toThrow(
      /output a\/b cannot be written/,
    );
  });

  it('with mode=delete wants a directory below the working directory, links followed, or the word for it', async () => {
    using shop = workshop();
    const prepare = (dest: string, ...allowed: string[]): Promise<void> | undefined => {
      const options = new Map([
        ['dest', dest],
        ['mode', 'delete'],
      ]);
      const surroundings = {...shop.context, entitlements: new Set(allowed)};
      return createExporter('local', options, []).prepare?.(surroundings);
    };
    mkdirSync(join(shop.directory, 'in'));
    symlinkSync('/usr', join(shop.directory, 'out'));
    await prepare('in');
    await prepare('not/yet/there');
    await prepare(join(shop.directory, 'in/deeper'));
    await prepare('/usr/share/x', 'buildx.local.delete');
    for (const dest of ['.', '..', 'in/../..', '/usr/share/x', 'out', 'out/share/new']) {
      await expect(prepare(dest), dest).rejects.toThrow(/which is not below the working directory/);
    }
  });

  it('refuses a mode that there is not', () => {
    const options = new Map([
      ['dest', 'out'],
      ['mode', 'sync'],
    ]);
    expect(() => createExporter('local', options, [])).toThrow('has no mode=sync: expected copy, delete');
  });
});
