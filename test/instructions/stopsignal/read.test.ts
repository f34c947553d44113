import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('STOPSIGNAL', () => {
  it('takes the rest of the line as it stands', () => {
    expect(readInstruction('STOPSIGNAL  a "b"  $c ').instruction).toMatchObject({
      keyword: 'STOPSIGNAL',
      signal: 'a "b"  $c',
    });
  });

  it('wants it', () => {
    expect(readInstruction('STOPSIGNAL').problems).toEqual([
      'STOPSIGNAL requires exactly one argument @2:0-10',
    ]);
  });

  it('does not look at flags, as docker does not', () => {
    expect(readInstruction('STOPSIGNAL --x a').instruction).toMatchObject({signal: 'a'});
  });
});
