import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('CMD', () => {
  it('keeps the shell form as one text', () => {
    expect(readInstruction('CMD a  "$b" \\\n  c').instruction).toMatchObject({
      keyword: 'CMD',
      command: {json: false, args: ['a  "$b"   c']},
    });
  });

  it('has the strings of the exec form', () => {
    expect(readInstruction('CMD ["a", "b c"]').instruction).toMatchObject({
      command: {json: true, args: ['a', 'b c']},
    });
  });

  it('takes what is no JSON for the shell form', () => {
    expect(readInstruction("CMD ['a']").instruction).toMatchObject({command: {json: false, args: ["['a']"]}});
  });

  it('may be empty', () => {
    expect(readInstruction('CMD').instruction).toMatchObject({command: {json: false, args: []}});
    expect(readInstruction('CMD []').instruction).toMatchObject({command: {json: true, args: []}});
  });

  it('opens no heredocs', () => {
    expect(readInstruction('CMD cat <<EOF').instruction).toMatchObject({heredocs: []});
  });

  it('refuses flags', () => {
    expect(readInstruction('CMD --x a').problems).toEqual(['unknown flag: --x @2:4-7']);
  });
});
