import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {MissExplainer} from '../../src/cache/miss-explainer.ts';
import {RecordCache, type TellingCache} from '../../src/cache/record-cache.ts';
import type {SnapshotId} from '../../src/snapshot/layer-table.ts';
import type {Snapshotter} from '../../src/snapshot/snapshotter.ts';
import type {KeyIngredients, MissedStep} from '../../src/solver/result-cache.ts';
import {type Database, openDatabase} from '../../src/store/database.ts';

let folder: string;
let database: Database;
let now: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-misses-'));
  database = openDatabase(join(folder, 'db'));
  now = 1;
});
afterEach(() => {
  database.close();
  rmSync(folder, {recursive: true, force: true});
});

const image = (name: string, digit: string): string =>
  `[a 1/2] FROM docker.io/library/${name}@sha256:${digit.repeat(64)}`;
const make: KeyIngredients = {
  format: 1,
  op: 'exec {"args":["make"],"env":["V=1"]}',
  inputs: ['image x'],
  from: [image('debian', '1')],
};

function save(key: string, name: string, ingredients: KeyIngredients): Promise<void> {
  const snapshotter = {isWhole: async () => true} as unknown as Snapshotter;
  const value = {type: 'snapshot' as const, snapshot: 's' as SnapshotId};
  const cache = new RecordCache(database, snapshotter, {nowMs: () => now++});
  return cache.save([key], {result: {value, key}, name, ingredients});
}

function why(change: Partial<MissedStep>, seenMs?: number, caches: readonly TellingCache[] = []): string {
  const explainer = new MissExplainer({
    database,
    filesOf: () => undefined,
    toldBy: '--no-cache-filter a',
    isArgument: () => true,
    lastSeenMs: () => seenMs,
  });
  const ingredients = change.ingredients ?? make;
  const inputs = ingredients.from.map((name) => ({name, byContent: false, hasRun: false}));
  const missed = {
    name: '[a 2/2] RUN make',
    line: 3,
    isTold: false,
    keys: ['k'],
    inputs,
    ...change,
    ingredients,
  };
  return explainer.whyMissed(missed, caches).text;
}

describe('a miss', () => {
  it('of a step that nothing is known of is new', () => {
    expect(why({})).toBe('never built here');
  });

  it('of a step that was told to run is no surprise', () => {
    expect(why({isTold: true, keys: []})).toBe('--no-cache-filter a');
  });

  it('is told apart when the record is there, or was', async () => {
    expect(why({}, Date.UTC(2024, 4, 5))).toBe('record was pruned (last seen 2024-05-05)');
    await save('k', '[a 2/2] RUN make', make);
    expect(why({})).toBe('its result is no longer whole in the store');
  });

  it('names the variable, and who uses it', async () => {
    await save('other', '[a 2/2] RUN make', make);
    const ingredients = {...make, op: make.op.replace('V=1', 'V=2')};
    expect(why({ingredients})).toBe('ARG V 1 → 2, used by RUN at line 3');
  });

  it('names the base image that moved, or was replaced', async () => {
    await save('other', '[a 2/2] RUN make', make);
    const moved = {...make, inputs: ['image y'], from: [image('debian', '2')]};
    expect(why({ingredients: moved})).toBe(
      'base image debian moved sha256:111111111111… → sha256:222222222222…',
    );
    const replaced = {...make, inputs: ['image y'], from: [image('alpine', '2')]};
    expect(why({ingredients: replaced})).toBe('base image debian → alpine');
  });

  it('names the input that ran', async () => {
    const copied = {...make, inputs: ['c1'], from: ['[a 1/2] COPY . .']};
    await save('other', '[a 2/2] RUN make', copied);
    const input = {name: '[a 1/2] COPY . .', line: 2, byContent: false, hasRun: true};
    const ingredients = {...copied, inputs: ['c2']};
    expect(why({ingredients, inputs: [input]})).toBe('input step missed (COPY at line 2)');
    expect(why({ingredients, inputs: [{...input, hasRun: false}]})).toBe(
      'stands on another result of COPY at line 2',
    );
  });

  it('says that keys have another format', async () => {
    await save('other', '[a 2/2] RUN make', make);
    expect(why({ingredients: {...make, format: 2}})).toBe('format 1 → 2');
  });

  it('is compared with what is most like it, not with what is newest', async () => {
    await save('near', '[a 2/2] RUN make', make);
    await save('far', '[a 2/2] RUN make', {...make, op: 'exec {"args":["x"]}', inputs: ['image z']});
    const ingredients = {...make, op: make.op.replace('V=1', 'V=2')};
    expect(why({ingredients})).toContain('ARG V 1 → 2');
  });

  it('is compared with what a shared cache has, when that is nearer than what is here', async () => {
    const telling = (ingredients: KeyIngredients, score: number): TellingCache[] => [
      {name: 's3 ci\x1b[2J', nearest: () => ({ingredients, score}), filesOf: () => undefined},
    ];
    const variable = {...make, op: make.op.replace('V=1', 'V=2')};
    expect(why({}, undefined, telling(variable, 1))).toBe(
      'ARG V 2 → 1, used by RUN at line 3, compared with cache s3 ci',
    );
    await save('here', '[a 2/2] RUN make', {...make, op: make.op.replace('V=1', 'V=3')});
    expect(why({}, undefined, telling(variable, 4))).toBe('ARG V 3 → 1, used by RUN at line 3');
    expect(why({}, undefined, telling(variable, 5))).toMatch(/^ARG V 2 → 1.*cache s3 ci$/);
  });

  it.each(['exec null', 'exec {"mounts":[null]}', 'exec {"args":[{"toString":1}]}'])(
    'a cache that tells of %s explains nothing',
    async (op) => {
      const hostile = {
        name: 's3',
        nearest: () => ({ingredients: {...make, op}, score: 9}),
        filesOf: () => undefined,
      };
      await save('here', '[a 2/2] RUN make', {...make, op: make.op.replace('V=1', 'V=3')});
      expect(why({}, undefined, [hostile])).toMatch(/^(ARG V 3 → 1, used by RUN at line 3|.*cache s3)$/);
    },
  );

  it('is compared with the same place when the text is another', async () => {
    await save('other', '[a 2/3] RUN cmake', {...make, op: make.op.replace('make', 'cmake')});
    expect(why({})).toBe('command "cmake" → "make"');
  });
});
