import {describe, expect, it} from 'vitest';
import type {Forecast} from '../../../../src/build/explain/forecast.ts';
import {dotText, mermaidText, planText, reasonOf} from '../../../../src/cli/commands/plan/plan-text.ts';

const forecast: Forecast = {
  steps: [
    {name: '[a 1/3] FROM x', state: 'pull', inputs: []},
    {
      name: '[a 2/3] RUN echo "<b>"',
      state: 'miss',
      inputs: [0],
      expectedMs: 1500,
      miss: {code: 'new', text: 'never built here'},
    },
    {name: '[b 2/2] COPY --from=a / /', state: 'unknown', inputs: [1]},
  ],
  criticalPath: {steps: [1], durationMs: 1500},
};

describe('a forecast', () => {
  it('is a line for each step, with reasons, times and sums', () => {
    expect(planText(forecast).split('\n')).toEqual([
      '  #1 pull     [a 1/3] FROM x',
      '  #2 miss     [a 2/3] RUN echo "<b>"  ~1.5s',
      '              never built here',
      '  #3 unknown  [b 2/2] COPY --from=a / /',
      '              depends on what #2 gives',
      '1 miss, 1 unknown, 1 pull',
      'critical path: #2, about 1.5s; of #1, #3 no times are known',
      '',
    ]);
  });

  it('counts steps without known times when they are many, and does without a path of nothing', () => {
    const steps = Array.from({length: 5}, () => ({name: 'RUN x', state: 'miss' as const, inputs: []}));
    const nothing = {steps: [], durationMs: 0};
    expect(planText({steps, criticalPath: nothing})).toMatch(/\nof #1, #2, #3, 2 more no times are known\n$/);
    const hit = {name: 'RUN x', state: 'hit' as const, inputs: []};
    expect(planText({steps: [hit], criticalPath: nothing})).toMatch(/\n1 hit\n$/);
  });

  it('names what a step depends on as the reader knows it', () => {
    const [, , last] = forecast.steps;
    const reason = last && reasonOf(last, forecast.steps, (index) => `step ${index}`);
    expect(reason).toBe('depends on what step 1 gives');
  });

  it('is a graph for Graphviz, whatever names hold', () => {
    const text = dotText(forecast);
    expect(text).toContain('s2 [label="[a 2/3] RUN echo \\"<b>\\"\\n~1.5s" color="#d0342c" penwidth=3];');
    expect(text).toContain(
      'label="1 miss, 1 unknown, 1 pull\\ncritical path: #2, about 1.5s; of #1, #3 no times are known";',
    );
    expect(text).toContain('s1 -> s2;');
  });

  it('is a graph for Mermaid, whatever names hold', () => {
    const text = mermaidText(forecast);
    expect(text).toContain('s2["[a 2/3] RUN echo #34;#60;b#62;#34;<br/>~1.5s"]:::miss');
    expect(text).toContain('class s2 critical');
    expect(text).toContain('s2 --> s3');
  });
});
