import {describe, expect, it} from 'vitest';
import {descriptionOf} from '../../src/dockerfile/doc-comment.ts';

describe('descriptionOf', () => {
  it.each([
    [['A is first'], 'A', 'is first'],
    [['before', 'A is first', 'and more'], 'A', 'is first'],
    [['AB is not it'], 'A', ''],
    [['A'], 'A', ''],
    [[' is nothing'], '', ''],
  ])('of %j for "%s" is "%s"', (comments, name, expected) => {
    expect(descriptionOf(comments, name)).toBe(expected);
  });
});
