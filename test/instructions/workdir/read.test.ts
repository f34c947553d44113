import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('WORKDIR', () => {
  it('takes the rest of the line as it stands', () => {
    expect(readInstruction('WORKDIR  a "b"  $c ').instruction).toMatchObject({
      keyword: 'WORKDIR',
      path: 'a "b"  $c',
    });
  });

  it('wants it', () => {
    expect(readInstruction('WORKDIR').problems).toEqual(['WORKDIR requires exactly one argument @2:0-7']);
  });

  it('refuses flags', () => {
    expect(readInstruction('WORKDIR --x a').problems).toEqual(['unknown flag: --x @2:8-11']);
  });
});
