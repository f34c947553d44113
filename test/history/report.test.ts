import {describe, expect, it} from 'vitest';
import {reportHtml} from '../../src/history/report/report.ts';
import {buildRecord, step} from './build-records.ts';

const record = buildRecord({
  finishedMs: 3000,
  steps: [
    step('[a 1/2] FROM x', {stage: 'a', outcome: 'cached'}),
    step('[a 2/2] RUN echo "<script>alert(1)</script>"', {
      stage: 'a',
      line: 2,
      inputs: [0],
      finishedMs: 2500,
      miss: {code: 'files', text: 'a&b changed'},
    }),
  ],
});

describe('reportHtml', () => {
  const html = reportHtml(record);

  it('has timeline, graph, critical path and misses', () => {
    for (const id of ['timeline', 'graph', 'critical-path', 'misses']) expect(html).toContain(`id="${id}"`);
    expect(html).toContain('left:0.00%;width:83.33%');
    expect(html).toContain('a&amp;b changed');
    expect(html.match(/<rect /g)).toHaveLength(2);
    expect(html.match(/<path d="M/g)).toHaveLength(1);
  });

  it('has long names whole where it shows their beginning', () => {
    const name = `[a 1/1] RUN ${'make '.repeat(20)}all`;
    const long = reportHtml(buildRecord({finishedMs: 1, steps: [step(name, {stage: 'a'})]}));
    expect(long).toContain(`<span class="name" title="#1 ${name}">`);
    expect(/<text [^>]*>([^<]*)<.text>/.exec(long)?.[1]).toBe('#1 RUN make make make make make mak…');
  });

  it('shows what steps say as text', () => {
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
  });

  it('needs nothing from anywhere', () => {
    const addresses = html.match(/(?:https?:)?\/\/[a-z][^"' ]*/g) ?? [];
    expect(addresses).toEqual(['http://www.w3.org/2000/svg']);
    expect(html).not.toMatch(/<(?:link|img|script|iframe)/);
  });
});
