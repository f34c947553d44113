import {describe, expect, it} from 'vitest';
import {errorText, refusalText} from '../../src/util/error-text.ts';

describe('errorText', () => {
  it('is the message of an error, without its name', () => {
    expect(errorText(new RangeError('too far'))).toBe('too far');
  });

  it('is the text of whatever else was thrown', () => {
    expect([errorText('plain'), errorText(undefined), errorText(7)]).toEqual(['plain', 'undefined', '7']);
  });
});

describe('refusalText', () => {
  it('tells what the system refused in words, not in its codes', () => {
    const denied = Object.assign(new Error("EACCES: permission denied, open '/secret'"), {code: 'EACCES'});
    expect(refusalText(denied)).toBe('permission denied');
    expect(refusalText({code: 'ENOSPC'})).toBe('no space left on device');
  });

  it('is the message of whatever the system knows nothing of', () => {
    expect(refusalText(Object.assign(new Error('bad bytes'), {code: 'ERR_ENCODING'}))).toBe('bad bytes');
    expect(refusalText(undefined)).toBe('undefined');
  });
});
