import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('MAINTAINER', () => {
  it('takes the rest of the line as it stands', () => {
    expect(readInstruction('MAINTAINER  a "b"  $c ').instruction).toMatchObject({
      keyword: 'MAINTAINER',
      maintainer: 'a "b"  $c',
    });
  });

  it('wants it', () => {
    expect(readInstruction('MAINTAINER').problems).toEqual([
      'MAINTAINER requires exactly one argument @2:0-10',
    ]);
  });

  it('refuses flags', () => {
    expect(readInstruction('MAINTAINER --x a').problems).toEqual(['unknown flag: --x @2:11-14']);
  });
});
