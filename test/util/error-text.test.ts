import {describe, expect, it} from 'vitest';
import {errorText} from '../../src/util/error-text.ts';

describe('errorText', () => {
  it('is the message of an error, without its name', () => {
    expect(errorText(new RangeError('too far'))).toBe('too far');
  });

  it('is the text of whatever else was thrown', () => {
    expect([errorText('plain'), errorText(undefined), errorText(7)]).toEqual(['plain', 'undefined', '7']);
  });
});
