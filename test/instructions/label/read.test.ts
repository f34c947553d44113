import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('LABEL', () => {
  it('has pairs, quotes and escapes kept', () => {
    expect(readInstruction('LABEL a=b "c d"="e f" g=h\\ i j=').instruction).toMatchObject({
      keyword: 'LABEL',
      pairs: [
        {key: 'a', value: 'b', legacy: false},
        {key: '"c d"', value: '"e f"', legacy: false},
        {key: 'g', value: 'h\\ i', legacy: false},
        {key: 'j', value: '', legacy: false},
      ],
    });
  });

  it('takes the rest of the line for the value when the first word has no =', () => {
    expect(readInstruction('LABEL a  b=c  d ').instruction).toMatchObject({
      pairs: [{key: 'a', value: 'b=c  d', legacy: true}],
    });
  });

  it('refuses nothing, half a pair, and an empty name', () => {
    expect(readInstruction('LABEL').problems).toEqual(['LABEL requires at least one argument @2:0-5']);
    expect(readInstruction('LABEL a').problems).toEqual(['LABEL must have two arguments @2:0-5']);
    expect(readInstruction('LABEL a=b =c').problems).toEqual(['LABEL names can not be blank @2:10-12']);
  });

  it('refuses a later word without =, and says how to write it', () => {
    const {problems, hints} = readInstruction('LABEL a=b c');
    expect(problems[0]).toContain(`Syntax error - can't find = in "c". Must be of the form: name=value`);
    expect(hints).toEqual(['quote a value that contains blanks: name="first second"']);
  });

  it('refuses flags', () => {
    expect(readInstruction('LABEL --x a=b').problems).toEqual(['unknown flag: --x @2:6-9']);
  });
});
