import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {createExporter} from '../../../src/exporters/index.ts';
import {amd64, armV7, type Workshop, workshop} from '../fake-image.ts';

function packing(options: {fails?: boolean} = {}): Workshop {
  return workshop({
    request: (_, args) => {
      const out = args.find((argument) => argument.startsWith('out='))?.slice(4) ?? '';
      writeFileSync(out, 'a tar');
      if (options.fails) throw new Error('disk full');
    },
  });
}

describe('type=tar', () => {
  it('has the helper pack the flattened tree', async () => {
    using shop = packing();
    await createExporter('tar', new Map([['dest', 'a.tar']]), []).export(await shop.built(), shop.context);
    expect(readFileSync(join(shop.directory, 'a.tar'), 'utf8')).toBe('a tar');
    expect(shop.context.requests).toEqual([
      [
        'pack',
        'view=0',
        'layer=/layers/new',
        'layer=/layers/base',
        'epoch=0',
        'flatten=1',
        expect.stringMatching(/^out=/),
        'compress=none',
      ],
    ]);
  });

  it('has a directory for each platform of a list', async () => {
    using shop = packing();
    const built = await shop.list([amd64, armV7]);
    await createExporter('tar', new Map([['dest', 'a.tar']]), []).export(built, shop.context);
    expect(shop.context.requests[0]?.filter((argument) => /^(?:view|prefix)=/.test(argument))).toEqual([
      'view=0',
      'prefix=linux_amd64',
      'view=1',
      'prefix=linux_arm_v7',
    ]);
  });

  it('has a directory for the only platform when it is asked for', async () => {
    using shop = packing();
    const options = new Map([
      ['dest', 'a.tar'],
      ['platform-split', 'true'],
    ]);
    await createExporter('tar', options, []).export(await shop.built(), shop.context);
    expect(shop.context.requests[0]).toContain('prefix=linux_amd64');
  });

  it('goes to standard output by way of a file', async () => {
    using shop = packing();
    await createExporter('tar', new Map([['dest', '-']]), []).export(await shop.built(), shop.context);
    expect(shop.context.stdoutBytes().toString()).toBe('a tar');
    const out = shop.context.requests[0]?.find((argument) => argument.startsWith('out=')) ?? '';
    expect(existsSync(out.slice(4))).toBe(false);
  });

  it('leaves nothing when packing fails', async () => {
    using shop = packing({fails: true});
    const exporter = createExporter('tar', new Map([['dest', 'a.tar']]), []);
    await expect(exporter.export(await shop.built(), shop.context)).rejects.toThrow('disk full');
    expect(readdirSync(shop.directory).filter((name) => name.includes('a.tar'))).toEqual([]);
  });
});
