import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('HEALTHCHECK', () => {
  it('has a command in shell or exec form', () => {
    expect(readInstruction('HEALTHCHECK cmd a  b').instruction).toMatchObject({
      keyword: 'HEALTHCHECK',
      command: {json: false, args: ['a  b']},
    });
    expect(readInstruction('HEALTHCHECK CMD ["a", "b"]').instruction).toMatchObject({
      command: {json: true, args: ['a', 'b']},
    });
  });

  it('has times in nanoseconds', () => {
    const text =
      'HEALTHCHECK --interval=1m --timeout=1.5s --start-period=0 --start-interval=3ms --retries=4 CMD a';
    expect(readInstruction(text).instruction).toMatchObject({
      interval: 60e9,
      timeout: 1.5e9,
      startPeriod: 0,
      startInterval: 3e6,
      retries: 4,
    });
  });

  it('may be NONE, whose flags nobody reads', () => {
    const {instruction} = readInstruction('HEALTHCHECK --interval=x none');
    expect(instruction).toMatchObject({keyword: 'HEALTHCHECK'});
    expect(instruction).not.toHaveProperty('command');
  });

  it.each([
    ['HEALTHCHECK', 'HEALTHCHECK requires at least one argument @2:0-11'],
    ['HEALTHCHECK NONE a', 'HEALTHCHECK NONE takes no arguments @2:17-18'],
    ['HEALTHCHECK CMD', 'Missing command after HEALTHCHECK CMD @2:12-15'],
    ['HEALTHCHECK CMD []', 'Missing command after HEALTHCHECK CMD @2:12-15'],
    ['HEALTHCHECK curl', 'Unknown type "CURL" in HEALTHCHECK (try CMD) @2:12-16'],
    ['HEALTHCHECK --interval=1 CMD a', 'time: missing unit in duration "1" @2:12-24'],
    ['HEALTHCHECK --timeout=1us CMD a', 'Interval "timeout" cannot be less than 1ms @2:12-25'],
    ['HEALTHCHECK --retries=-1 CMD a', '--retries cannot be negative (-1) @2:12-24'],
    ['HEALTHCHECK --retries=x CMD a', 'strconv.ParseInt: parsing "x": invalid syntax @2:12-23'],
  ])('refuses %s', (text, problem) => {
    expect(readInstruction(text).problems).toEqual([problem]);
  });

  it('reports every wrong time', () => {
    expect(readInstruction('HEALTHCHECK --interval=x --timeout=y CMD a').problems).toHaveLength(2);
  });
});
