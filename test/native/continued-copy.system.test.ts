// A copy that continues an earlier one (docs/adr/0022): what the helper writes, what it refuses, and how both layers
// are packed as one.

import {execFileSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {afterAll, describe, expect, test} from 'vitest';
import {longAgo, readTree, setXattr, type Tree, TreeWorld, whyNoTrees} from '../support/tree-world.ts';

const world = new TreeWorld();
afterAll(() => world.dispose());

const was = '5000.0';

interface Continued {
  readonly earlier: Tree;
  readonly below?: Tree;
  readonly source?: Tree;
  readonly actions: readonly string[];
}

/** The actions on top of an earlier copy; `upper` is what they leave, `layers` all directories, topmost first. */
function continued({earlier, below = {base: 'x'}, source = {}, actions}: Continued) {
  const [upper, work] = [world.tree(), world.newPath()];
  mkdirSync(work);
  const layers = [world.tree(earlier), world.tree(below)];
  const outcome = world.run(
    'copy',
    ...layers.map((layer) => `layer=${layer}`),
    `upper=${upper}`,
    `work=${work}`,
    'epoch=9000.000000002',
    `was=${was}`,
    'view=0',
    ...layers.slice(1).map((layer) => `layer=${layer}`),
    'view=1',
    `dir=${world.tree(source)}`,
    ...actions,
  );
  return {outcome, upper, layers: [upper, ...layers]};
}

const copyOf = (...included: readonly string[]): readonly string[] => [
  'action=copy',
  'view=1',
  'source=.',
  'destination=/made/app',
  'contextowner=1',
  'only=1',
  ...included.map((path) => `include=${path}`),
];

const earlier: Tree = {
  made: {dir: true, mtime: 5000},
  'made/app': {dir: true, mtime: 5000},
  'made/app/sub/gone': 'gone',
  'made/app/sub/kept': {file: 'kept', mtime: longAgo},
  'made/app/edited': 'old',
};

describe.skipIf(whyNoTrees() !== undefined)('a copy that continues an earlier one', () => {
  test('writes what differs, and is packed together with the earlier one', () => {
    const {outcome, upper, layers} = continued({
      earlier,
      source: {edited: 'new', 'sub/kept': 'kept'},
      actions: ['action=remove', 'path=/made/app/sub/gone', 'view=0', ...copyOf('edited', 'sub')],
    });
    expect(outcome.error).toBe('');
    const tree = readTree(upper, {times: true});
    expect(tree).toMatchObject({
      made: 'd 0755 0:0 @9000',
      'made/app': 'd 0755 0:0 @9000',
      'made/app/edited': expect.stringMatching(/^f 0644 0:0 @\d+ new$/),
      'made/app/sub': expect.stringMatching(/^d 0755 0:0 @/),
    });
    expect(Object.keys(tree)).not.toContain('made/app/sub/kept');
    const file = world.newPath();
    world.ok('pack', ...layers.map((layer) => `layer=${layer}`), 'top=2', `out=${file}`);
    expect(execFileSync('tar', ['tf', file]).toString().trim().split('\n')).toEqual([
      'made/',
      'made/app/',
      'made/app/edited',
      'made/app/sub/',
      'made/app/sub/kept',
    ]);
  });

  test.each<[string, Partial<Continued>]>([
    [
      'the layers below have what goes away',
      {
        below: {'made/app/sub/gone': 'below'},
        actions: ['action=remove', 'path=/made/app/sub/gone', 'view=0'],
      },
    ],
    [
      'a symlink is on the way',
      {
        earlier: {'real/app/edited': 'old', made: {link: 'real'}},
        source: {edited: 'new'},
        actions: copyOf('edited'),
      },
    ],
  ])('is refused where %s', (_, given) => {
    const {outcome} = continued({earlier, actions: [], ...given});
    expect(outcome.error).toContain('continue');
  });

  test('is refused where a directory that is copied again has an access list', () => {
    const listed = '0200000001000700ffffffff04000500ffffffff20000500ffffffff';
    const [upper, work, layer] = [world.tree(), world.newPath(), world.tree(earlier)];
    mkdirSync(work);
    setXattr(`${layer}/made/app/sub`, 'system.posix_acl_default', listed);
    const {error} = world.run(
      'copy',
      `layer=${layer}`,
      `upper=${upper}`,
      `work=${work}`,
      'epoch=9000',
      `was=${was}`,
      'view=1',
      `dir=${world.tree({'sub/kept': 'kept'})}`,
      ...copyOf('sub'),
    );
    expect(error).toContain('continue');
  });
});
