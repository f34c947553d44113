// The same image again: from another directory, on another day, with nothing cached; and what verify --rebuild says of
// a Dockerfile that does not give it.

import {cpSync, existsSync, readFileSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';

let space: Workspace;
beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

const epoch = ['--build-arg', 'SOURCE_DATE_EPOCH=1700000000'];
const files = {
  Dockerfile:
    'FROM busybox\nWORKDIR /app\nCOPY . .\nRUN mkdir made && cp note made/copy && ln note made/link\n',
  note: 'a note\n',
};

/** The command believes that it is so many days later. */
function laterBy(days: number): Readonly<Record<string, string>> {
  const file = join(space.folder, `later-${days}.cjs`);
  writeFileSync(file, `const now = Date.now;\nDate.now = () => now() + ${days} * 86_400_000;\n`);
  return {NODE_OPTIONS: `--require=${file}`};
}

describe('two cold builds with SOURCE_DATE_EPOCH', () => {
  it('give the same digest in other directories, on another day, with files checked out anew', async () => {
    const context = await space.context(files);
    const other = join(space.folder, 'elsewhere', 'deep');
    cpSync(context, other, {recursive: true});
    for (const name of Object.keys(files)) utimesSync(join(other, name), 1_790_000_000, 1_790_000_000);
    const indexes: string[] = [];
    for (const [days, directory] of [context, other].entries()) {
      const layout = join(space.folder, `layout-${days}`);
      const output = `type=oci,dest=${layout},tar=false,rewrite-timestamp=true`;
      const options = {root: join(space.folder, `state-${days}`), env: laterBy(days * 3)};
      await space.build([...epoch, '--provenance=true', '--sbom=true', '-o', output, directory], options);
      indexes.push(readFileSync(join(layout, 'index.json'), 'utf8'));
    }
    expect(indexes[1]).toBe(indexes[0]);
  });
});

describe('verify --rebuild', () => {
  it('says that both builds gave the same image, and leaves nothing behind', async () => {
    const context = await space.context(files);
    const output = ['-o', 'type=oci,dest=never.tar,rewrite-timestamp=true'];
    const run = await space.run(['verify', '--rebuild', '--touch', ...epoch, ...output, context]);
    expect([run.code, run.stdout.toString()]).toEqual([
      0,
      expect.stringMatching(/^ok: linux\/\S+ is sha256:[0-9a-f]{64} both times\n$/),
    ]);
    expect(existsSync(join(space.folder, 'never.tar'))).toBe(false);
    expect(await space.leftovers()).toEqual([]);
  });

  it('says which files differ, in what, and that the step is to blame', async () => {
    const step = 'RUN cat /proc/sys/kernel/random/uuid >/id && echo same >/same';
    const context = await space.context({Dockerfile: `FROM busybox\n${step}\n`});
    const run = await space.run(['verify', '--rebuild', '--format=json', ...epoch, context]);
    expect(run.code).toBe(1);
    const {isSame, images, reasons} = JSON.parse(run.stdout.toString()) as {
      isSame: boolean;
      images: {layers: {number: number; files: object[]}[]; config: object[]}[];
      reasons: string[];
    };
    expect(isSame).toBe(false);
    const layers = images[0]?.layers ?? [];
    expect(layers).toHaveLength(1);
    expect(layers[0]?.files).toEqual([
      {path: '/id', what: 'changed', details: ['content'], firstByte: expect.objectContaining({})},
    ]);
    expect(images[0]?.config).toEqual([]);
    expect(reasons).toEqual([expect.stringContaining('depends on more than its inputs')]);
  });
});
