import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('ENV', () => {
  it('has pairs, quotes and escapes kept', () => {
    expect(readInstruction('ENV a=b "c d"="e f" g=h\\ i j=').instruction).toMatchObject({
      keyword: 'ENV',
      pairs: [
        {key: 'a', value: 'b', legacy: false},
        {key: '"c d"', value: '"e f"', legacy: false},
        {key: 'g', value: 'h\\ i', legacy: false},
        {key: 'j', value: '', legacy: false},
      ],
    });
  });

  it('takes the rest of the line for the value when the first word has no =', () => {
    expect(readInstruction('ENV a  b=c  d ').instruction).toMatchObject({
      pairs: [{key: 'a', value: 'b=c  d', legacy: true}],
    });
  });

  it('refuses nothing, half a pair, and an empty name', () => {
    expect(readInstruction('ENV').problems).toEqual(['ENV requires at least one argument @2:0-3']);
    expect(readInstruction('ENV a').problems).toEqual(['ENV must have two arguments @2:0-3']);
    expect(readInstruction('ENV a=b =c').problems).toEqual(['ENV names can not be blank @2:8-10']);
  });

  it('refuses a later word without =, and says how to write it', () => {
    const {problems, hints} = readInstruction('ENV a=b c');
    expect(problems[0]).toContain(`Syntax error - can't find = in "c". Must be of the form: name=value`);
    expect(hints).toEqual(['quote a value that contains blanks: name="first second"']);
  });

  it('refuses flags', () => {
    expect(readInstruction('ENV --x a=b').problems).toEqual(['unknown flag: --x @2:4-7']);
  });
});
