import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {createExporter} from '../../../src/exporters/index.ts';
import {workshop} from '../fake-image.ts';

describe('type=local', () => {
  it('makes the directory and has the helper copy the tree into it', async () => {
    using shop = workshop();
    await createExporter('local', new Map([['dest', 'a/b']]), []).export(await shop.image(), shop.context);
    const directory = join(shop.directory, 'a/b');
    expect(existsSync(directory)).toBe(true);
    const [request] = shop.context.requests;
    expect(request?.slice(0, 2)).toEqual(['copy', `upper=${directory}`]);
    expect(request).toEqual(expect.arrayContaining(['layer=/layers/new', 'layer=/layers/base', 'owner=0:0']));
  });

  it('where a file is in the way is told plainly', async () => {
    using shop = workshop();
    writeFileSync(join(shop.directory, 'a'), '');
    const exporter = createExporter('local', new Map([['dest', 'a/b']]), []);
    await expect(exporter.export(await shop.image(), shop.context)).rejects.toThrow(
      /output a\/b cannot be written/,
    );
  });
});
