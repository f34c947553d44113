import {describe, expect, it} from 'vitest';
import {displayWidth, excerptOf} from '../../src/diagnostics/excerpt.ts';

describe('excerptOf', () => {
  it('leaves a line alone that fits', () => {
    expect(excerptOf('RUN a b', 4, 5, 80)).toEqual({text: 'RUN a b', before: 'RUN ', marked: 'a'});
  });

  it('makes tabs blanks and control characters visible', () => {
    expect(excerptOf('\ta\u001b[0mb\u202e', 1, 2, 80).text).toBe('    a·[0mb·');
  });

  it.each([0, 1, 50, 98, 99])('keeps within the width, place at %d', (start) => {
    const {text, before, marked} = excerptOf('x'.repeat(100), start, start + 1, 30);
    expect(displayWidth(text)).toBeLessThanOrEqual(30);
    expect(text.startsWith(before + marked)).toBe(true);
    expect(marked).toBe('x');
  });

  it('cuts a place that is too long itself', () => {
    const {text, marked} = excerptOf('x'.repeat(100), 10, 90, 40);
    expect(marked.endsWith('…')).toBe(true);
    expect(displayWidth(text)).toBeLessThanOrEqual(40);
  });
});

it('displayWidth counts columns, not characters', () => {
  expect(displayWidth('ab')).toBe(2);
  expect(displayWidth('한国')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('😀')).toBe(2);
});
