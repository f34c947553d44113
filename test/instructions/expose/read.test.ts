import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('EXPOSE', () => {
  it('has ports as written', () => {
    expect(readInstruction('EXPOSE 80/tcp  $P "1"').instruction).toMatchObject({
      keyword: 'EXPOSE',
      ports: ['80/tcp', '$P', '"1"'],
    });
  });

  it('wants one', () => {
    expect(readInstruction('EXPOSE').problems).toEqual(['EXPOSE requires at least one argument @2:0-6']);
  });

  it('refuses flags', () => {
    expect(readInstruction('EXPOSE --x 1').problems).toEqual(['unknown flag: --x @2:7-10']);
  });
});
