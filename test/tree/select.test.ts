import {describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {type Selection, select, selectScanning} from '../../src/tree/select.ts';
import {type Scan, Tree} from '../../src/tree/tree.ts';
import {hasWildcards} from '../../src/tree/wildcards.ts';
import {scanOf, treeOf} from './memory-tree.ts';

interface Options {
  readonly parents?: boolean;
  readonly excludes?: readonly string[];
  readonly ignore?: readonly string[];
}

const copyOf = (sources: readonly string[], {parents = false, excludes = []}: Options = {}) => ({
  sources: sources.map((path) => ({path, wildcard: hasWildcards(path)})),
  parents,
  excludes,
});

function selectionOf(words: readonly string[], sources: readonly string[], options: Options = {}): Selection {
  const ignore = options.ignore === undefined ? undefined : new PatternMatcher(options.ignore);
  const outcome = select(treeOf(words, ignore), copyOf(sources, options));
  if (outcome.type !== 'selected') throw new Error(`unscanned ${outcome.roots}`);
  return outcome.selection;
}

/** `file NAME<PATH` or `directory PATH: entries`. */
function told(selection: Selection): string[] {
  return selection.sources.map(({kind, path, name, entries, filtered}) =>
    kind === 'file'
      ? `file ${name}${name === path.split('/').at(-1) ? '' : `<${path}`}`
      : `${filtered ? 'part of ' : ''}${path}: ${entries.map((entry) => entry.path).join(' ')}`,
  );
}

const words = ['a.go', 'b.go', '.hidden', 'sub/x/f', 'sub/y/f', 'sub/y/g', 'empty/'];

describe('literal sources', () => {
  it('are a file, or what is in a directory', () => {
    expect(told(selectionOf(words, ['a.go', 'sub/y/', '/empty']))).toEqual([
      'file a.go',
      'sub/y: sub/y/f sub/y/g',
      'empty: ',
    ]);
  });

  it('are clamped to the root', () => {
    expect(told(selectionOf(words, ['../../sub/../a.go', '/../sub/x']))).toEqual([
      'file a.go',
      'sub/x: sub/x/f',
    ]);
    expect(told(selectionOf(['a'], ['/']))).toEqual(['.: a']);
  });

  it('that are missing are an error in the words of BuildKit', () => {
    expect(() => selectionOf(words, ['nope'])).toThrow('"/nope": not found');
    expect(() => selectionOf(words, ['a.go/x'])).toThrow('"/a.go/x": not found');
  });

  it('that are missing are all told of', () => {
    expect(() => selectionOf(words, ['no', 'a.go', 'more'])).toThrow('"/no": not found\n"/more": not found');
  });

  it('that are missing get a suggestion, or are told to be ignored', () => {
    const hintsOf = (sources: readonly string[], ignore: readonly string[]) => {
      try {
        selectionOf(words, sources, {ignore});
      } catch (error) {
        return (error as {diagnostics: readonly {hints?: readonly string[]}[]}).diagnostics[0]?.hints;
      }
      return undefined;
    };
    expect(hintsOf(['sbu/x'], [])).toEqual(['did you mean sub/x?']);
    expect(hintsOf(['q'], [])).toEqual([]);
    expect(hintsOf(['sub/x/f'], ['sub'])).toEqual(['/sub is there, but the ignore file excludes it: sub']);
  });

  it('never find a name that only a pattern would', () => {
    const copy = {sources: [{path: '*.go', wildcard: false}], parents: false, excludes: []};
    expect(() => select(treeOf(words), copy)).toThrow('"/*.go": not found');
  });
});

describe('wildcards', () => {
  it('match per component, dotfiles too', () => {
    expect(told(selectionOf(words, ['*.go']))).toEqual(['file a.go', 'file b.go']);
    expect(told(selectionOf(['.a', 'b'], ['*']))).toEqual(['file .a', 'file b']);
    expect(told(selectionOf(words, ['sub/*/f']))).toEqual(['file f', 'file f']);
    expect(told(selectionOf(words, ['s*']))).toEqual(['sub: sub/x sub/x/f sub/y sub/y/f sub/y/g']);
  });

  it('may match nothing, even below what is not there', () => {
    expect(told(selectionOf(words, ['a.go', 'no*', 'nope/*']))).toEqual(['file a.go']);
  });

  it('quote a bracket with a class, and a class may match a slash', () => {
    expect(told(selectionOf(['arr[0].txt'], ['arr[[]0].txt']))).toEqual(['file arr[0].txt']);
    expect(told(selectionOf(['a/b', 'axb'], ['a[^c]b']))).toEqual(['file b', 'file axb']);
  });

  it('do not match again below a match', () => {
    expect(told(selectionOf(['a/a/x'], ['[a]*']))).toEqual(['a: a/a a/a/x']);
  });

  it('that cannot be read are an error', () => {
    expect(() => selectionOf(words, ['a[']).sources).toThrow('syntax error in pattern');
  });
});

describe('symlinks', () => {
  const linked = [
    'real/f',
    'real/up -> ../x',
    'x',
    'dir -> real',
    'abs -> /real/f',
    'out -> ../../x',
    'loop -> loop',
  ];

  it('in and at the end of a source are followed inside the root; the name stays', () => {
    expect(told(selectionOf(linked, ['dir/f']))).toEqual(['file f']);
    expect(told(selectionOf(linked, ['abs', 'out', 'dir/up']))).toEqual([
      'file abs<real/f',
      'file out<x',
      'file up<x',
    ]);
    expect(told(selectionOf(linked, ['dir/']))).toEqual(['real: real/f real/up']);
  });

  it('that wildcards match are followed, too', () => {
    expect(told(selectionOf(linked, ['d*', 'a*']))).toEqual(['real: real/f real/up', 'file abs<real/f']);
    expect(told(selectionOf(linked, ['dir/*']))).toEqual(['file f', 'file up<x']);
  });

  it('are told of, unless they lead to no source', () => {
    expect(selectionOf(linked, ['dir/']).followedLinks).toBe(true);
    expect(selectionOf(linked, ['a*']).followedLinks).toBe(true);
    expect(selectionOf(linked, ['dir/n*']).followedLinks).toBe(true);
    expect(selectionOf(linked, ['.', 'real']).followedLinks).toBeUndefined();
  });

  it('that lead nowhere are not found', () => {
    expect(() => selectionOf(linked, ['loop'])).toThrow('"/loop": not found');
    expect(() => selectionOf(['l -> gone'], ['l'])).toThrow('"/l": not found');
    expect(() => selectionOf(['l -> gone'], ['*'])).toThrow('"/l": not found');
  });

  it('to what is ignored are not found', () => {
    expect(() => selectionOf(linked, ['dir'], {ignore: ['real']})).toThrow('"/dir": not found');
  });
});

describe('--exclude', () => {
  it('is relative to each source and leaves the source itself', () => {
    expect(told(selectionOf(['d1/a.txt', 'd1/s/b.txt', 'd2/c'], ['d*'], {excludes: ['*.txt']}))).toEqual([
      'part of d1: d1/s d1/s/b.txt',
      'd2: d2/c',
    ]);
    expect(told(selectionOf(['d1/a'], ['d*'], {excludes: ['*']}))).toEqual(['part of d1: ']);
    expect(told(selectionOf(['a.txt'], ['*.txt'], {excludes: ['*.txt']}))).toEqual(['file a.txt']);
  });

  it('can take back', () => {
    expect(told(selectionOf(['d/a/x', 'd/a/y'], ['d'], {excludes: ['a', '!a/x']}))).toEqual([
      'part of d: d/a d/a/x',
    ]);
  });

  it('refuses a malformed pattern', () => {
    expect(() => selectionOf(['a'], ['.'], {excludes: ['[']})).toThrow('syntax error in pattern: "["');
    expect(() => selectionOf(['a'], ['.'], {excludes: ['!']})).toThrow('illegal exclusion pattern');
  });
});

describe('--parents', () => {
  const parents = (sources: readonly string[], excludes: readonly string[] = []) =>
    told(selectionOf(['x/a', 'x/y/a', 'x/y/b', 'x/z/b', 'y/a', 'y/b'], sources, {parents: true, excludes}));

  it('keeps the path, from the pivot on', () => {
    expect(parents(['./x/y/a'])).toEqual(['part of .: x x/y x/y/a']);
    expect(parents(['x/./y/a'])).toEqual(['part of x: x/y x/y/a']);
    expect(parents(['x/./y/'])).toEqual(['part of x: x/y x/y/a x/y/b']);
  });

  it('matches with ** and makes only directories on the way', () => {
    expect(parents(['x/**/b', '*/b'])).toEqual(['part of .: x x/y x/y/b x/z x/z/b', 'part of .: y y/b']);
    expect(parents(['x/./*'])).toEqual(['x: x/a x/y x/y/a x/y/b x/z x/z/b']);
  });

  it('lets a pattern match nothing but not a literal path', () => {
    expect(parents(['q*/a', 'x/./q*'])).toEqual(['part of .: ', 'part of x: ']);
    expect(() => parents(['x/q'])).toThrow('"/x/q": not found');
    expect(() => parents(['q/./a'])).toThrow('"/q/a": not found');
  });

  it('finds nothing when the pivot is all there is, as BuildKit', () => {
    expect(() => parents(['./x/./'])).toThrow('"/x": not found');
  });

  it('goes with --exclude, relative to the pivot', () => {
    expect(parents(['x/./y'], ['*/b'])).toEqual(['part of x: x/y x/y/a']);
  });
});

describe('the ignore file', () => {
  it('hides files, and what is left makes a directory partial', () => {
    expect(told(selectionOf(words, ['sub', 'sub/x'], {ignore: ['sub/y']}))).toEqual([
      'part of sub: sub/x sub/x/f',
      'sub/x: sub/x/f',
    ]);
  });
});

describe('selectScanning', () => {
  const files = ['real/deep/f', 'link -> real', 'far -> link/deep', 'other/g'];

  it('scans what symlinks lead to, round by round', async () => {
    const scans: Scan[] = [];
    const asked: string[] = [];
    const selection = await selectScanning(copyOf(['far/f', 'other']), async (roots) => {
      asked.push(roots.join(' '));
      scans.push({asked: roots, walked: roots, pruned: [], records: scanOf(files, roots)});
      return new Tree(scans);
    });
    expect(told(selection)).toEqual(['file f', 'other: other/g']);
    expect(asked).toEqual(['far/f other', 'link/deep/f', 'real/deep/f']);
  });

  async function missed(source: string, ignore?: readonly string[]): Promise<unknown> {
    const scans: Scan[] = [];
    const asked: string[] = [];
    const scan = async (roots: readonly string[]): Promise<Tree> => {
      asked.push(roots.join(' '));
      scans.push({
        asked: roots,
        walked: roots,
        pruned: [],
        records: scanOf([...files, 'lib/real/x.c'], roots),
      });
      return new Tree(scans, ignore === undefined ? undefined : new PatternMatcher(ignore));
    };
    const error = await selectScanning(copyOf([source]), scan).catch((thrown: unknown) => thrown);
    const hints = error instanceof BuildError ? error.diagnostics.flatMap((each) => each.hints ?? []) : error;
    return {asked, hints};
  }

  it('looks beside a source that is not there for what was meant', async () => {
    expect(await missed('other/h')).toEqual({asked: ['other/h', 'other'], hints: ['did you mean other/g?']});
    expect(await missed('lib/reel/x.c')).toEqual({
      asked: ['lib/reel/x.c', 'lib'],
      hints: ['did you mean lib/real/x.c?'],
    });
    expect(await missed('othre')).toEqual({asked: ['othre', '.'], hints: ['did you mean other?']});
    expect(await missed('unlike/anything')).toEqual({asked: ['unlike/anything', '.'], hints: []});
  });

  it('names the ignore rule alone when that is the reason', async () => {
    expect(await missed('other/g', ['other/g'])).toMatchObject({
      hints: ['/other/g is there, but the ignore file excludes it: other/g'],
    });
  });

  it('tells what is missing also when nothing beside it can be looked at', async () => {
    let count = 0;
    const scan = async (roots: readonly string[]): Promise<Tree> => {
      if (count++ > 0) throw new Error('permission denied');
      return new Tree([{asked: roots, walked: roots, pruned: [], records: scanOf(files, roots)}]);
    };
    await expect(selectScanning(copyOf(['other/h']), scan)).rejects.toThrow('"/other/h": not found');
  });

  it('asks once when there is no symlink', async () => {
    let count = 0;
    await selectScanning(copyOf(['other']), async (roots) => {
      count++;
      return new Tree([{asked: roots, walked: roots, pruned: [], records: scanOf(files, roots)}]);
    });
    expect(count).toBe(1);
  });
});
