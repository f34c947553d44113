import {describe, expect, it} from 'vitest';
import {HelperError} from '../../../src/helper/helper.ts';
import {ContextScan} from '../../../src/sources/local/context-scan.ts';
import {LocalContext} from '../../../src/sources/local/local-context.ts';
import {PatternMatcher} from '../../../src/tree/pattern-matcher.ts';
import type {TreeRecord} from '../../../src/tree/record.ts';
import {FakeHelper} from './fake-helper.ts';

const nowMs = 1_700_000_000_000;

class Store {
  readonly values = new Map<string, Uint8Array>();
  readonly log: string[] = [];

  get bytes(): Uint8Array | undefined {
    return this.values.get('/nowhere/context');
  }

  async load(key: string): Promise<Uint8Array | undefined> {
    this.log.push(`load ${key}`);
    return this.values.get(key);
  }

  async save(key: string, bytes: Uint8Array): Promise<void> {
    this.log.push(`save ${key}`);
    this.values.set(key, bytes);
  }
}

/** Of a directory that does not exist on disk: there is no ignore file. */
function contextOf(helper: FakeHelper, store = new Store(), time = nowMs): LocalContext {
  return new LocalContext({
    name: 'context',
    directory: '/nowhere/context',
    helper: async () => helper,
    statCache: store,
    clock: {nowMs: () => time},
  });
}

const copy = (...paths: string[]) => ({
  sources: paths.map((path) => ({path, wildcard: false})),
  parents: false,
  excludes: [],
});

const words = ['src/a.ts', 'src/b.ts', 'lib/c.ts', 'd -> src', 'package.json'];

describe('LocalContext.select', () => {
  it('scans what it needs and hashes it in one request', async () => {
    const helper = new FakeHelper(words);
    const {selection, contentDigest} = await contextOf(helper).select(copy('src'));
    expect(selection.sources[0]?.entries.map(({path}) => path)).toEqual(['src/a.ts', 'src/b.ts']);
    expect(contentDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(helper.requests.map(({verb, args}) => [verb, ...args])).toEqual([
      ['scan', 'dir=/nowhere/context', 'path=src'],
      ['digest', 'dir=/nowhere/context', 'file=src/a.ts', 'file=src/b.ts'],
    ]);
  });

  it('scans once for all that was announced', async () => {
    const helper = new FakeHelper(words);
    const context = contextOf(helper);
    await context.scan(['src', 'package.json']);
    await Promise.all([context.select(copy('src')), context.select(copy('package.json'))]);
    expect(helper.requests.filter(({verb}) => verb === 'scan')).toHaveLength(1);
    expect(helper.hashed()).toEqual([['src/a.ts', 'src/b.ts'], ['package.json']]);
  });

  it('never scans or hashes a file twice, however many ask at once', async () => {
    const helper = new FakeHelper(words);
    const context = contextOf(helper);
    const same = copy('src');
    const asked = [same, same, copy('src'), copy('src/a.ts'), copy('d')].map((one) => context.select(one));
    const digests = (await Promise.all(asked)).map(({contentDigest}) => contentDigest);
    expect(new Set(digests).size).toBe(2);
    const scanned = helper.requests
      .filter(({verb}) => verb === 'scan')
      .map(({args}) => args.slice(1).join(' '));
    expect(scanned).toEqual(['path=src', 'path=d']);
    expect(helper.hashed()).toEqual([['src/a.ts', 'src/b.ts']]);
  });

  it('asks again after a failure', async () => {
    const helper = new FakeHelper(words);
    const context = contextOf(helper);
    const wanted = copy('src');
    helper.failure = new HelperError('scan', 5, 'src', 'input/output error');
    await expect(context.select(wanted)).rejects.toThrow(
      'cannot read src of the build context: input/output error',
    );
    helper.failure = undefined;
    await expect(context.select(wanted)).resolves.toBeDefined();
  });

  it('does not depend on owners or times', async () => {
    const helper = new FakeHelper(words);
    const before = await contextOf(helper).select(copy('src'));
    helper.change('src/a.ts', {uid: 0, gid: 7, mtimeSeconds: 5, ctimeSeconds: 5});
    expect((await contextOf(helper).select(copy('src'))).contentDigest).toBe(before.contentDigest);
    helper.change('src/a.ts', {mode: 0o100755});
    expect((await contextOf(helper).select(copy('src'))).contentDigest).not.toBe(before.contentDigest);
  });

  it('says that a file cannot be read', async () => {
    const helper = new FakeHelper(words);
    helper.unreadable.add('src/b.ts');
    await expect(contextOf(helper).select(copy('src'))).rejects.toThrow(
      'cannot read src/b.ts of the build context',
    );
    await expect(contextOf(helper).select(copy('lib'))).resolves.toBeDefined();
  });

  it('says that the context is missing, no directory, or not readable', async () => {
    const helper = new FakeHelper(words);
    const failsWith = async (errno: number) => {
      helper.failure = new HelperError('view', errno, '/nowhere/context', 'cannot open');
      return contextOf(helper)
        .select(copy('src'))
        .catch((error: Error) => error.message);
    };
    expect(await failsWith(2)).toBe('build context /nowhere/context does not exist');
    expect(await failsWith(20)).toBe('build context /nowhere/context is not a directory');
    expect(await failsWith(13)).toBe('cannot read /nowhere/context of the build context: permission denied');
  });
});

describe('the stat cache', () => {
  it('spares a second build all hashing', async () => {
    const store = new Store();
    const first = new FakeHelper(words);
    const before = await contextOf(first, store).select(copy('.'));
    const second = new FakeHelper(words);
    const after = await contextOf(second, store).select(copy('.'));
    expect(after.contentDigest).toBe(before.contentDigest);
    expect(second.hashed()).toEqual([]);
    const ofDigests = store.log.filter((line) => !line.includes(' keys '));
    expect(ofDigests).toEqual(['load /nowhere/context', 'save /nowhere/context', 'load /nowhere/context']);
  });

  it('holds no name that text cannot hold', async () => {
    const store = new Store();
    const helper = new FakeHelper(['odd\udcff']);
    await contextOf(helper, store).select(copy('.'));
    await contextOf(helper, store).select(copy('.'));
    expect(helper.hashed()).toEqual([['odd\udcff'], ['odd\udcff']]);
  });

  it('has only changed files hashed again', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    await contextOf(helper, store).select(copy('.'));
    helper.change('src/a.ts', {mtimeSeconds: 1_650_000_000, ctimeSeconds: 1_650_000_000});
    helper.contents.set('src/a.ts', 'changed');
    await contextOf(helper, store).select(copy('.'));
    expect(helper.hashed()[1]).toEqual(['src/a.ts']);
  });

  it('does not trust a file that changed just before the scan', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    helper.change('src/a.ts', {ctimeSeconds: nowMs / 1000 - 1, ctimeNanoseconds: 995_000_000});
    await contextOf(helper, store).select(copy('.'));
    helper.contents.set('src/a.ts', 'changed within the tick');
    await contextOf(helper, store, nowMs + 1000).select(copy('.'));
    expect(helper.hashed()[1]).toEqual(['src/a.ts']);
    await contextOf(helper, store, nowMs + 2000).select(copy('.'));
    expect(helper.hashed()).toHaveLength(2);
  });

  it('keeps entries of parts that a build did not look at, and drops files that are gone', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    await contextOf(helper, store).select(copy('.'));
    helper.records = helper.records.filter(({path}) => path !== 'src/b.ts');
    helper.change('src/a.ts', {inode: 99});
    await contextOf(helper, store).select(copy('src'));
    const sizeBefore = store.bytes?.length ?? 0;
    await contextOf(helper, store).select(copy('.'));
    expect(helper.hashed()).toHaveLength(2);
    expect(store.bytes?.length).toBe(sizeBefore);
    expect(Buffer.from(store.bytes ?? []).includes('src/b.ts')).toBe(false);
    expect(Buffer.from(store.bytes ?? []).includes('lib/c.ts')).toBe(true);
  });
});

describe('LocalContext.contentDigest', () => {
  it('needs neither the stat cache nor a record when a walk says what it said before', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    const key = await contextOf(helper, store).contentDigest(copy('.'));
    store.log.length = 0;
    expect(await contextOf(helper, store).contentDigest(copy('.'))).toBe(key);
    expect(store.log).toEqual(['load keys /nowhere/context']);
    expect(await contextOf(helper, store).contentDigest(copy('src'))).not.toBe(key);
  });

  it.each<[string, Partial<TreeRecord>]>([
    ['an edit', {ctimeNanoseconds: 9}],
    ['an edit and another mode', {ctimeNanoseconds: 9, mode: 0o100600}],
    ['an edit that took the old times', {inode: 10}],
  ])('looks closely after %s', async (_, change) => {
    const store = new Store();
    const helper = new FakeHelper(words);
    await contextOf(helper, store).contentDigest(copy('.'));
    helper.change('src/a.ts', change);
    helper.contents.set('src/a.ts', 'changed');
    const fresh = await contextOf(helper, new Store()).contentDigest(copy('.'));
    expect(await contextOf(helper, store).contentDigest(copy('.'))).toBe(fresh);
  });

  it('does not trust a walk in which a file could still change unseen', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    helper.change('src/a.ts', {ctimeSeconds: nowMs / 1000 - 1, ctimeNanoseconds: 995_000_000});
    const key = await contextOf(helper, store).contentDigest(copy('.'));
    helper.contents.set('src/a.ts', 'changed within the tick');
    expect(await contextOf(helper, store, nowMs + 1000).contentDigest(copy('.'))).not.toBe(key);
  });

  it('does not trust a walk when a symlink led elsewhere', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    const keyOf = async () => {
      const context = contextOf(helper, store);
      // The target is scanned already, so that the link needs no further walk.
      await context.scan(['src']);
      return context.contentDigest(copy('d'));
    };
    const key = await keyOf();
    helper.change('src/a.ts', {size: 9});
    expect(await keyOf()).not.toBe(key);
  });

  it('tells instructions and ignore rules apart', async () => {
    const store = new Store();
    const helper = new FakeHelper(words);
    const context = contextOf(helper, store);
    const keys = [
      copy('src'),
      copy('src', 'package.json'),
      {...copy('src'), excludes: ['a.ts']},
      {...copy('src'), parents: true},
    ];
    const first = await Promise.all(keys.map((one) => context.contentDigest(one)));
    expect(new Set(first).size).toBe(keys.length);
    const again = contextOf(helper, store);
    expect(await Promise.all(keys.map((one) => again.contentDigest(one)))).toEqual(first);
  });

  it('says what is missing, as select does', async () => {
    await expect(contextOf(new FakeHelper(words)).contentDigest(copy('nope'))).rejects.toThrow(
      '"/nope": not found',
    );
  });
});

describe('isUnchanged', () => {
  it('sees an edit, a new file and a removed one', async () => {
    const helper = new FakeHelper(words);
    const context = contextOf(helper);
    const {selection} = await context.select(copy('src'));
    const records = helper.records;
    expect(await context.isUnchanged(copy('src'), selection)).toBe(true);
    helper.change('lib/c.ts', {size: 5});
    expect(await context.isUnchanged(copy('src'), selection)).toBe(true);
    helper.change('src/a.ts', {ctimeNanoseconds: 77});
    expect(await context.isUnchanged(copy('src'), selection)).toBe(false);
    helper.records = records.filter(({path}) => path !== 'src/b.ts');
    expect(await context.isUnchanged(copy('src'), selection)).toBe(false);
  });

  it('does not care for what stays behind, nor for a walk that was wider', async () => {
    const helper = new FakeHelper(words);
    const context = contextOf(helper);
    const one = {...copy('src'), excludes: ['b.ts']};
    const {selection} = await context.select(one);
    helper.change('src/b.ts', {size: 5});
    expect(await context.isUnchanged(one, selection)).toBe(true);
    const wide = contextOf(helper);
    await wide.scan(['.']);
    const {selection: all} = await wide.select(copy('src'));
    expect(await wide.isUnchanged(copy('src'), all)).toBe(true);
    expect(helper.requests.at(-1)?.args).toContain('path=src');
    helper.change('src/b.ts', {size: 6});
    expect(await wide.isUnchanged(copy('src'), all)).toBe(false);
  });
});

describe('ContextScan with ignore rules', () => {
  const scanWith = (helper: FakeHelper, ...patterns: string[]) =>
    new ContextScan({
      directory: '/nowhere',
      rules: {
        matcher: new PatternMatcher(patterns),
        explain: (error) => {
          throw error;
        },
      },
      clock: {nowMs: () => nowMs},
      helper: async () => helper,
    });

  it('does not look into directories that are ignored as a whole', async () => {
    const helper = new FakeHelper([...words, 'node_modules/x/y']);
    const tree = await scanWith(helper, 'node_modules', '*/c.ts').treeOf(['.'], undefined);
    expect(helper.requests[0]?.args).toEqual(['dir=/nowhere', 'path=.', 'prune=node_modules']);
    expect(tree.at('node_modules')).toBeUndefined();
    expect(tree.at('lib/c.ts')).toBeUndefined();
    expect(tree.at('src/a.ts')).toBeDefined();
  });

  it('does not look into directories of a name that is ignored everywhere', async () => {
    const helper = new FakeHelper(['a/node_modules/x/y', 'a/b', 'node_modules/z']);
    const tree = await scanWith(helper, '**/node_modules').treeOf(['.'], undefined);
    expect(helper.requests[0]?.args).toEqual(['dir=/nowhere', 'path=.', 'prunename=node_modules']);
    expect(tree.below('.').map(({path}) => path)).toEqual(['a', 'a/b']);
    expect(tree.countBelow('a')).not.toBe(tree.below('a').length);
  });

  it('walks only the places of an allow list, and nothing when there are none', async () => {
    const helper = new FakeHelper(words);
    const tree = await scanWith(helper, '*', '!src').treeOf(['.'], undefined);
    expect(helper.requests[0]?.args).toEqual(['dir=/nowhere', 'path=src']);
    expect(tree.below('.').map(({path}) => path)).toEqual(['src', 'src/a.ts', 'src/b.ts']);
    expect(tree.countBelow('.')).toBe(Number.POSITIVE_INFINITY);
    expect(tree.countBelow('src')).toBe(2);
    await scanWith(helper, '*').treeOf(['.'], undefined);
    expect(helper.requests).toHaveLength(1);
  });

  it('steps over an unreadable directory that is ignored, and no other', async () => {
    const helper = new FakeHelper([...words, 'a/secret/x', 'open/x']);
    helper.unreadable.add('a/secret');
    const tree = await scanWith(helper, '*/secret').treeOf(['.'], undefined);
    expect(tree.at('open/x')).toBeDefined();
    helper.unreadable.add('open');
    await expect(scanWith(helper, '*/secret').treeOf(['.'], undefined)).rejects.toThrow(
      'cannot read open of the build context: permission denied',
    );
  });
});
