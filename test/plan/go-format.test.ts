import {describe, expect, it} from 'vitest';
import {durationText, plainList, quoted, quotedList} from '../../src/plan/go-format.ts';

describe('quoted', () => {
  it.each([
    ['plain', '"plain"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ['tab\tline\n', '"tab\\tline\\n"'],
    ['\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
    ['\x07\b\f\r\v', '"\\a\\b\\f\\r\\v"'],
    ['grüße 世界 ✓', '"grüße 世界 ✓"'],
    ['no\u00a0break', '"no\\u00a0break"'],
    ['zero\u200bwidth', '"zero\\u200bwidth"'],
    ['😀', '"😀"'],
    ['\u{e0001}', '"\\U000e0001"'],
  ])('writes %j as Go does', (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it('separates the members of a list with blanks', () => {
    expect(quotedList(['/bin/sh', '-c', 'echo "x"'])).toBe('["/bin/sh" "-c" "echo \\"x\\""]');
    expect(quotedList([])).toBe('[]');
    expect(plainList(['80/tcp', '90/udp'])).toBe('[80/tcp 90/udp]');
  });
});

describe('durationText', () => {
  it.each([
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [300_000_000, '300ms'],
    [1_500_000_000, '1.5s'],
    [60_000_000_000, '1m0s'],
    [600_000_000_000, '10m0s'],
    [5_430_000_000_000, '1h30m30s'],
    [3_600_000_000_000, '1h0m0s'],
  ])('writes %d nanoseconds as %s', (nanoseconds, expected) => {
    expect(durationText(nanoseconds)).toBe(expected);
  });
});
