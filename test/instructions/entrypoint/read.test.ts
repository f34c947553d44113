import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('ENTRYPOINT', () => {
  it('keeps the shell form as one text', () => {
    expect(readInstruction('ENTRYPOINT a  "$b" \\\n  c').instruction).toMatchObject({
      keyword: 'ENTRYPOINT',
      command: {json: false, args: ['a  "$b"   c']},
    });
  });

  it('has the strings of the exec form', () => {
    expect(readInstruction('ENTRYPOINT ["a", "b c"]').instruction).toMatchObject({
      command: {json: true, args: ['a', 'b c']},
    });
  });

  it('takes what is no JSON for the shell form', () => {
    expect(readInstruction("ENTRYPOINT ['a']").instruction).toMatchObject({
      command: {json: false, args: ["['a']"]},
    });
  });

  it('may be empty', () => {
    expect(readInstruction('ENTRYPOINT').instruction).toMatchObject({command: {json: false, args: []}});
    expect(readInstruction('ENTRYPOINT []').instruction).toMatchObject({command: {json: true, args: []}});
  });

  it('opens no heredocs', () => {
    expect(readInstruction('ENTRYPOINT cat <<EOF').instruction).toMatchObject({heredocs: []});
  });

  it('refuses flags', () => {
    expect(readInstruction('ENTRYPOINT --x a').problems).toEqual(['unknown flag: --x @2:11-14']);
  });
});
