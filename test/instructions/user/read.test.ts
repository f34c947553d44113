import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('USER', () => {
  it('takes the rest of the line as it stands', () => {
    expect(readInstruction('USER  a "b"  $c ').instruction).toMatchObject({
      keyword: 'USER',
      user: 'a "b"  $c',
    });
  });

  it('wants it', () => {
    expect(readInstruction('USER').problems).toEqual(['USER requires exactly one argument @2:0-4']);
  });

  it('refuses flags', () => {
    expect(readInstruction('USER --x a').problems).toEqual(['unknown flag: --x @2:5-8']);
  });
});
