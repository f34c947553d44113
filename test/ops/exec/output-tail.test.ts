import {describe, expect, it} from 'vitest';
import {OutputTail} from '../../../src/ops/exec/output-tail.ts';

describe('OutputTail', () => {
  it('keeps the last twenty lines, whatever pieces they came in', () => {
    const tail = new OutputTail();
    const text = Array.from({length: 30}, (_, index) => `line ${index}\n`).join('');
    for (const piece of text.match(/.{1,7}/gs) ?? []) tail.add(Buffer.from(piece));
    expect(tail.lines()).toHaveLength(20);
    expect(tail.lines().at(-1)).toBe('line 29');
  });

  it('takes out what could touch a terminal', () => {
    const tail = new OutputTail();
    tail.add(Buffer.from('\u001b]0;title\u0007\u001b[31mred\u001b[0m\n'));
    expect(tail.lines()).toEqual(['red']);
  });

  it('is bounded when a process writes no newline', () => {
    const tail = new OutputTail();
    for (let index = 0; index < 100; index++) tail.add(Buffer.alloc(4096, 'x'));
    expect(tail.lines().join('').length).toBeLessThanOrEqual(16 * 1024);
  });

  it('is empty when nothing was written', () => {
    expect(new OutputTail().lines()).toEqual([]);
  });
});
