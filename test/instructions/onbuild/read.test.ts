import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('ONBUILD', () => {
  it('keeps the trigger as text', () => {
    expect(readInstruction('onbuild  RUN a \\\n  b').instruction).toMatchObject({
      keyword: 'ONBUILD',
      expression: 'RUN a   b',
    });
  });

  it('keeps heredocs in it', () => {
    expect(readInstruction('ONBUILD COPY <<-A /a\n\tx\n\tA').instruction).toMatchObject({
      expression: 'COPY <<-A /a\n\tx\nA',
    });
  });

  it('does not look at what the trigger means', () => {
    expect(readInstruction('ONBUILD COPY a').instruction).toMatchObject({expression: 'COPY a'});
    expect(readInstruction('ONBUILD NONSENSE').instruction).toMatchObject({expression: 'NONSENSE'});
  });

  it('but at how it is written', () => {
    expect(readInstruction('ONBUILD ENV a').problems).toEqual(['ENV must have two arguments @2:8-11']);
  });

  it.each([
    ['ONBUILD', 'ONBUILD requires at least one argument @2:0-7'],
    ['ONBUILD onbuild RUN a', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed @2:8-15"],
    ['ONBUILD FROM a', "FROM isn't allowed as an ONBUILD trigger @2:8-12"],
    ['ONBUILD MAINTAINER a', "MAINTAINER isn't allowed as an ONBUILD trigger @2:8-18"],
    ['ONBUILD --x RUN a', 'unknown flag: --x @2:8-11'],
  ])('refuses %s', (text, problem) => {
    expect(readInstruction(text).problems).toEqual([problem]);
  });
});
