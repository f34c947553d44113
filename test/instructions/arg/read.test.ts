import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('ARG', () => {
  it('declares names with and without a default, quotes kept', () => {
    expect(readInstruction('ARG A B= C="d e" F=g=h').instruction).toMatchObject({
      keyword: 'ARG',
      args: [{key: 'A'}, {key: 'B', value: ''}, {key: 'C', value: '"d e"'}, {key: 'F', value: 'g=h'}],
    });
  });

  it('tells no default from an empty one', () => {
    const {instruction} = readInstruction('ARG A');
    expect(instruction?.keyword === 'ARG' && instruction.args[0]).toEqual({key: 'A'});
  });

  it('does not look at flags, as docker does not', () => {
    expect(readInstruction('ARG --x A').instruction).toMatchObject({args: [{key: 'A'}]});
  });

  it('refuses no name and an empty one', () => {
    expect(readInstruction('ARG').problems).toEqual(['ARG requires at least one argument @2:0-3']);
    expect(readInstruction('ARG A =b').problems).toEqual(['ARG names can not be blank @2:6-8']);
  });
});
