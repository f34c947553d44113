import {createHash} from 'node:crypto';
import {chmod, lchown, link, mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {HelperProcess} from '../../../src/helper/helper-process.ts';
import {locateHelper} from '../../../src/helper/locate-helper.ts';
import {LocalContext} from '../../../src/sources/local/local-context.ts';
import {copyArgumentsOf} from '../../../src/tree/copy-arguments.ts';
import {ScanDecoder} from '../../../src/tree/record.ts';
import {hasWildcards} from '../../../src/tree/wildcards.ts';

let helper: HelperProcess;
let directory = '';
const stored = new Map<string, Uint8Array>();
let digested = 0;

beforeAll(() => {
  helper = new HelperProcess({path: locateHelper(process.env)});
});

afterAll(() => helper.close());

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tsbuild-context-'));
  stored.clear();
  digested = 0;
});

afterEach(() => rm(directory, {recursive: true, force: true}));

const at = (path: string) => join(directory, path);

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), {recursive: true});
  await writeFile(at(path), text);
}

function context(): LocalContext {
  return new LocalContext({
    name: 'context',
    directory,
    dockerfile: at('Dockerfile'),
    helper: async () => ({
      request: async (verb, args, options) => {
        if (verb === 'digest') digested += args.length - 1;
        return helper.request(verb, args, options);
      },
      close: async () => {},
    }),
    statCache: {
      load: async (key) => stored.get(key),
      save: async (key, bytes) => {
        stored.set(key, bytes);
      },
    },
    // Files of this test are a moment old; a build usually starts later.
    clock: {nowMs: () => performance.timeOrigin + performance.now() + 5000},
  });
}

const copy = (paths: readonly string[], parents = false) => ({
  sources: paths.map((path) => ({path, wildcard: hasWildcards(path)})),
  parents,
  excludes: [],
});

async function entriesOf(paths: readonly string[], parents = false): Promise<string[]> {
  const {selection} = await context().select(copy(paths, parents));
  return selection.sources.flatMap(({entries}) => entries.map(({path}) => path));
}

/** Asked both ways: closely, and as a build does that hopes for no change. */
async function keyOf(...paths: string[]): Promise<string> {
  const known = await context().contentDigest(copy(paths));
  expect((await context().select(copy(paths))).contentDigest).toBe(known);
  return known;
}

describe('a local context with the helper', () => {
  it('reads records as stat(2) has them', async () => {
    await write('d/é', 'text');
    await symlink('é', at('d/link'));
    const decoder = new ScanDecoder();
    await helper.request('scan', [`dir=${directory}`, 'path=.', 'digest=1'], {
      onData: (bytes) => decoder.push(bytes),
    });
    const records = decoder.finish();
    expect(records.map(({path}) => path)).toEqual(['.', 'd', 'd/link', 'd/é']);
    const expected = await stat(at('d/é'), {bigint: true});
    expect(records[3]).toMatchObject({
      mode: Number(expected.mode),
      size: 4,
      inode: Number(expected.ino),
      mtimeSeconds: Number(expected.mtimeNs / 1_000_000_000n),
      mtimeNanoseconds: Number(expected.mtimeNs % 1_000_000_000n),
      ctimeNanoseconds: Number(expected.ctimeNs % 1_000_000_000n),
    });
    expect(Buffer.from(records[3]?.digest ?? [])).toEqual(createHash('sha256').update('text').digest());
    expect(records[2]?.linkTarget).toBe('é');
  });

  it('applies the ignore file of the Dockerfile', async () => {
    await write('.dockerignore', '*\n');
    await write('Dockerfile.dockerignore', 'node_modules\n**/*.log\n!keep.log\n');
    for (const path of ['node_modules/x/y', 'a.log', 'keep.log', 'src/b.log', 'src/c'])
      await write(path, path);
    expect(await entriesOf(['.'])).toEqual([
      '.dockerignore',
      'Dockerfile.dockerignore',
      'keep.log',
      'src',
      'src/c',
    ]);
    await expect(entriesOf(['node_modules'])).rejects.toThrow('"/node_modules": not found');
  });

  it('follows symlinks in sources, inside the context only', async () => {
    await write('real/deep/f', '1');
    await symlink('/real', at('abs'));
    await symlink('../../../../../../real/deep', at('up'));
    expect(await entriesOf(['abs/deep', 'up/f', 'a*'])).toEqual([
      'real/deep/f',
      'real/deep/f',
      'real/deep',
      'real/deep/f',
    ]);
  });

  it('has one key for one content', async () => {
    await write('src/a', 'a');
    await write('src/b', 'b');
    const key = await keyOf('src');
    await utimes(at('src/a'), 1, 1);
    expect(await keyOf('src')).toBe(key);
    await chmod(at('src/a'), 0o755);
    expect(await keyOf('src')).not.toBe(key);
    await chmod(at('src/a'), 0o644);
    if (process.getuid?.() === 0) await lchown(at('src/a'), 1234, 1234);
    expect(await keyOf('src')).toBe(key);
    await rm(at('src/b'));
    await link(at('src/a'), at('src/b'));
    expect(await keyOf('src')).not.toBe(key);
  });

  it('hashes nothing twice across builds, and sees a change that keeps size and mtime', async () => {
    await write('src/a', 'aaaa');
    await write('src/b', 'bbbb');
    const key = await keyOf('src');
    expect(digested).toBe(2);
    expect(await keyOf('src')).toBe(key);
    expect(digested).toBe(2);
    const {atime, mtime} = await stat(at('src/a'));
    await writeFile(at('src/a'), 'AAAA');
    await utimes(at('src/a'), atime, mtime);
    expect(await keyOf('src')).not.toBe(key);
    expect(digested).toBe(3);
  });

  it('handles names that are no text', async () => {
    const odd = Buffer.concat([Buffer.from(at('odd-')), Buffer.from([0xff])]);
    await writeFile(odd, 'x');
    const key = await keyOf('.');
    await writeFile(odd, 'y');
    expect(await keyOf('.')).not.toBe(key);
  });

  it('says clearly what is wrong with the directory', async () => {
    await rm(directory, {recursive: true});
    await expect(keyOf('.')).rejects.toThrow(`build context ${directory} does not exist`);
    await writeFile(directory, '');
    await expect(keyOf('.')).rejects.toThrow(`build context ${directory} is not a directory`);
  });

  it('notices an edit between looking and copying', async () => {
    await write('src/a', 'a');
    const local = context();
    const {selection} = await local.select(copy(['src']));
    expect(await local.isUnchanged(copy(['src']), selection)).toBe(true);
    await writeFile(at('src/a'), 'b');
    expect(await local.isUnchanged(copy(['src']), selection)).toBe(false);
  });

  it('copies exactly what it selected', async () => {
    await write('.dockerignore', '**/skip\n');
    for (const path of ['x/y/a', 'x/y/skip', 'x/z/skip', 'x/b']) await write(path, path);
    const out = await mkdtemp(join(tmpdir(), 'tsbuild-out-'));
    try {
      for (const [source, parents] of [
        ['x', false],
        ['./x/./y/a', true],
        ['x/*/a', true],
      ] as const) {
        const {selection} = await context().select(copy([source], parents));
        const upper = join(out, String(Math.trunc(performance.now() * 1000)));
        await mkdir(upper);
        const actions = selection.sources.flatMap((found) => [
          'action=copy',
          'view=1',
          ...copyArgumentsOf(found, '/to/'),
        ]);
        await helper.request('copy', [`upper=${upper}`, 'view=1', `dir=${directory}`, ...actions]);
        const decoder = new ScanDecoder();
        await helper.request('scan', [`dir=${upper}`, 'path=to'], {onData: (bytes) => decoder.push(bytes)});
        const [found] = selection.sources;
        const prefix = found === undefined || found.path === '.' ? '' : `${found.path}/`;
        expect(decoder.finish().map(({path}) => path)).toEqual([
          'to',
          ...(found?.entries ?? []).map(({path}) => `to/${path.slice(prefix.length)}`),
        ]);
      }
    } finally {
      await rm(out, {recursive: true, force: true});
    }
  });
});
