import {describe, expect, it} from 'vitest';
import {chosenId} from '../../../../src/cli/commands/history-builds/chosen-build.ts';
import {comparisonText} from '../../../../src/cli/commands/history-builds/compare.ts';
import {inspectText} from '../../../../src/cli/commands/history-builds/inspect.ts';
import {buildRecord, step} from '../../../history/build-records.ts';

describe('the build that a command speaks of', () => {
  const ids = ['mx1k75zz0003', 'mx1k75zz0002', 'mx1k75aa0001'];
  it.each([
    ['^0', 'mx1k75zz0003'],
    ['^2', 'mx1k75aa0001'],
    ['mx1k75a', 'mx1k75aa0001'],
    ['02', 'mx1k75zz0002'],
  ])('%s is %s', (operand, id) => {
    expect(chosenId(ids, operand)).toBe(id);
  });

  it('is told why it is none', () => {
    expect(() => chosenId([], '^0')).toThrow('no build is recorded here');
    expect(() => chosenId(ids, '^3')).toThrow('^3: only 3 builds are recorded');
    expect(() => chosenId(ids.slice(0, 1), '^3')).toThrow('^3: only one build is recorded');
    expect(() => chosenId(ids, 'mx')).toThrow("mx is the beginning or the end of 3 builds' IDs");
    expect(() => chosenId(ids, 'q')).toThrow('there is no build q in the history');
  });
});

const miss = {code: 'files' as const, text: 'x.c changed'};
const before = buildRecord({
  id: 'a',
  finishedMs: 1000,
  steps: [
    step('[s 1/3] FROM x', {outcome: 'cached', key: '1'}),
    step('[s 2/3] COPY . .', {outcome: 'cached', key: '2'}),
    step('[s 3/3] RUN old', {outcome: 'cached', key: '3'}),
  ],
});
const after = buildRecord({
  id: 'b',
  tags: ['app'],
  finishedMs: 3000,
  steps: [
    step('[s 1/4] FROM x', {outcome: 'cached', key: '1'}),
    step('[s 2/4] COPY . .', {key: '4', miss, finishedMs: 1000}),
    step('[s 3/4] RUN new', {key: '5', inputs: [1], startedMs: 1000, finishedMs: 2500}),
  ],
});

describe('history compare', () => {
  it('tells what came, went and ended otherwise, and why', () => {
    expect(comparisonText(before, after).split('\n')).toEqual([
      'a → b  1.0s → 3.0s',
      'tags: none → app',
      '~ [s] COPY . .  cached → ran 1.0s',
      '    not cached: x.c changed',
      '+ [s] RUN new  ran 1.5s',
      '- [s] RUN old  cached',
      '',
    ]);
  });

  it('says that nothing differs', () => {
    expect(comparisonText(before, {...before, id: 'c'})).toContain('every step is the same');
  });
});

describe('history inspect', () => {
  it('shows steps, reasons and the critical path', () => {
    const text = inspectText(after);
    expect(text).toContain('  #1 cached   [s 1/4] FROM x\n');
    expect(text).toContain('  #2 ran      [s 2/4] COPY . .  1.0s\n              not cached: x.c changed\n');
    expect(text).toContain('Critical path: #2 → #3, 2.5s\n');
  });
});
