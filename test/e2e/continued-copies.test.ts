// A copy of a large directory of which little changed is made from the earlier one. What comes of it is compared with a
// build that copies everything: layers to the last bit, and what a step sees of the files, nanoseconds included.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {type Workspace, workspaceWithBases} from './command.ts';
import {type ImageOnDisk, readLayout} from './image.ts';

let space: Workspace;
beforeAll(async () => {
  space = await workspaceWithBases();
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

/** A step sees all that a copy to `folder` gave. */
function project(folder: string): Record<string, string> {
  const dockerfile = `FROM busybox
RUN mkdir -p /app/mixed && echo below > /app/mixed/below
COPY --chown=5:6 --exclude=Dockerfile . ${folder}
RUN find /app -exec stat -c '%n %a %u:%g %Y %y %F' {} + | sort > /list; find /app -type f | sort | xargs md5sum >> /list
`;
  const files = Array.from({length: 1000}, (_, n) => [`part-${n % 40}/file-${n}`, `${n}\n`] as const);
  return {
    ...Object.fromEntries(files),
    Dockerfile: dockerfile,
    '.dockerignore': 'ignored\n',
    'mixed/own': '',
  };
}

let builds = 0;

async function imageOf(root: string, context: string, ...more: readonly string[]): Promise<ImageOnDisk> {
  const layout = join(space.folder, `layout-${++builds}`);
  await space.build([...more, '-o', `type=oci,dest=${layout},tar=false`, context], {root});
  return readLayout(layout);
}

async function layersOf(
  root: string,
  context: string,
  ...more: readonly string[]
): Promise<readonly string[]> {
  return (await imageOf(root, context, ...more)).diffIds;
}

async function blobsOf(root: string, context: string): Promise<readonly string[]> {
  return (await imageOf(root, context)).blobs;
}

/** Layers that were copied whole have beside them what the walk said. */
function wholeCopies(root: string): number {
  const folder = join(root, 'layers');
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'walk'))).length;
}

const edits: Readonly<Record<string, (path: (name: string) => string) => void>> = {
  'files and directories are edited, come and go, with modes, times and symlinks': (path) => {
    writeFileSync(path('part-3/file-3'), 'edited');
    writeFileSync(path('added'), 'added');
    rmSync(path('part-4/file-4'));
    mkdirSync(path('new/deep'), {recursive: true});
    writeFileSync(path('new/deep/file'), 'deep');
    symlinkSync('deep/file', path('new/link'));
    rmSync(path('part-5'), {recursive: true});
    chmodSync(path('part-6'), 0o700);
    utimesSync(path('part-7/file-7'), 1_000_000, 1_000_000);
    renameSync(path('part-8/file-8'), path('part-9/file-8'));
  },
  'a directory becomes a file, and a file a directory': (path) => {
    rmSync(path('new'), {recursive: true});
    writeFileSync(path('new'), 'a file');
    rmSync(path('part-6/file-6'));
    mkdirSync(path('part-6/file-6'));
    writeFileSync(path('part-6/file-6/inside'), 'inside');
    utimesSync(path('part-6'), 1_500_000, 1_500_000);
  },
};

describe('a copy of a large directory', () => {
  it('gives what a whole copy gives when it is made from an earlier one, after every kind of edit', async () => {
    const context = await space.context(project('/app/made/for/it'));
    const root = join(space.folder, 'continued');
    await layersOf(root, context);
    const whole = wholeCopies(root);
    expect(whole).toBe(1);
    for (const edit of Object.values(edits)) {
      edit((name) => join(context, name));
      const continued = await layersOf(root, context);
      expect(wholeCopies(root)).toBe(whole);
      expect(continued).toEqual(await layersOf(join(space.folder, 'whole'), context, '--no-cache'));
    }
    const fsck = await space.run(['fsck', '--deep'], {root});
    expect([fsck.code, fsck.stderr]).toEqual([0, expect.not.stringContaining('wrong')]);
    const prune = await space.run(['prune', '--all', '--force'], {root});
    expect([prune.code, readdirSync(join(root, 'layers'))]).toEqual([0, []]);
  });

  it('is packed from the blob of the earlier one, to the bytes that a build in an empty store gives', async () => {
    const large = Array.from(
      {length: 1000},
      (_, n) => [`tree/part-${n % 9}/${n}`, `${n} `.repeat(1000)] as const,
    );
    const context = await space.context({
      Dockerfile: 'FROM busybox\nCOPY tree /tree\n',
      ...Object.fromEntries(large),
    });
    const root = join(space.folder, 'from-blobs');
    const first = (await blobsOf(root, context)).at(-1) ?? '';
    let fresh = 0;
    const compareAfterEdit = async (name: string): Promise<void> => {
      writeFileSync(join(context, `tree/part-0/${name}`), `edited ${name}`);
      const cold = await blobsOf(join(space.folder, `fresh-${++fresh}`), context);
      expect(await blobsOf(root, context)).toEqual(cold);
    };
    await compareAfterEdit('9');
    // If a file were read that did not change, this would be in the layer.
    const [copied = ''] = readdirSync(join(root, 'layers')).filter((name) =>
      existsSync(join(root, 'layers', name, 'walk')),
    );
    const file = join(root, 'layers', copied, 'fs/tree/part-1/1');
    const [content, {mtime}] = [readFileSync(file, 'utf8'), statSync(file)];
    writeFileSync(file, content.replaceAll('1', '2'));
    await compareAfterEdit('18');
    writeFileSync(file, content);
    utimesSync(file, mtime, mtime);
    // A blob that is damaged is of no use, and the files are read.
    truncateSync(join(root, 'blobs', ...first.split(':')), 100_000);
    await compareAfterEdit('27');
  });

  it('is made whole where a layer below has what went away, and when much has changed', async () => {
    const context = await space.context({...project('/app'), 'mixed/below': 'above'});
    const root = join(space.folder, 'refused');
    await layersOf(root, context);
    rmSync(join(context, 'mixed/below'));
    const layers = await layersOf(root, context);
    expect(wholeCopies(root)).toBe(2);
    expect(layers).toEqual(await layersOf(root, context, '--no-cache'));
    for (let n = 0; n < 1000; n += 3) writeFileSync(join(context, `part-${n % 40}/file-${n}`), 'another');
    const before = wholeCopies(root);
    await layersOf(root, context);
    expect(wholeCopies(root)).toBe(before + 1);
  });

  it('hides nothing of a base that it never saw', async () => {
    const dockerfile = `FROM busybox
RUN mkdir -p /app/new && echo below > /app/new/below && echo below > /app/gone
COPY --link . /app/
RUN cat /app/new/below /app/gone > /seen
`;
    const context = await space.context({...project('/'), Dockerfile: dockerfile, gone: 'above'});
    const root = join(space.folder, 'linked');
    await layersOf(root, context);
    rmSync(join(context, 'gone'));
    mkdirSync(join(context, 'new'));
    writeFileSync(join(context, 'new/x'), 'x');
    expect(await layersOf(root, context)).toEqual(await layersOf(root, context, '--no-cache'));
  });
});
