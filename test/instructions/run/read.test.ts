import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('RUN', () => {
  it('has a command in shell or exec form', () => {
    expect(readInstruction('RUN a  && b').instruction).toMatchObject({
      keyword: 'RUN',
      command: {json: false, args: ['a  && b']},
      mounts: [],
      devices: [],
    });
    expect(readInstruction('RUN ["a", "b"]').instruction).toMatchObject({
      command: {json: true, args: ['a', 'b']},
    });
  });

  it('has flags', () => {
    const text =
      'RUN --mount=type=cache,target=/c --mount=target=/b --network=none --security=insecure --device=d a';
    expect(readInstruction(text).instruction).toMatchObject({
      mounts: ['type=cache,target=/c', 'target=/b'],
      network: 'none',
      security: 'insecure',
      devices: ['d'],
    });
  });

  it('does not decide on a network that is not written', () => {
    expect(readInstruction('RUN a').instruction).not.toHaveProperty('network');
  });

  it('has the heredocs of its line', () => {
    expect(readInstruction('RUN cat <<A <<-"B"\n\ta\nA\n\tb\n\tB').instruction).toMatchObject({
      command: {args: ['cat <<A <<-"B"']},
      heredocs: [
        {name: 'A', content: '\ta\n', raw: '\ta\n', expand: true},
        {name: 'B', content: 'b\n', raw: '\tb\n', expand: false},
      ],
    });
  });

  it('has none in exec form', () => {
    expect(readInstruction('RUN ["cat", "<<A"]').instruction).toMatchObject({heredocs: []});
  });

  it.each([
    ['RUN --network=bridge a', 'invalid network mode "bridge" @2:4-20'],
    ['RUN --security=none a', 'security "none" is not valid @2:4-19'],
    ['RUN --mont=target=/x a', 'unknown flag: --mont @2:4-20'],
    [
      'RUN --mount=from=$x a',
      "'from' doesn't support variable expansion, define alias stage instead @2:4-19",
    ],
    ['RUN --mount= a', 'failed to parse csv mounts: EOF @2:4-12'],
  ])('refuses %s', (text, problem) => {
    expect(readInstruction(text).problems).toEqual([problem]);
  });

  it('leaves other mistakes in mounts to when variables have values', () => {
    expect(readInstruction('RUN --mount=type=$t,x a').problems).toEqual([]);
  });
});
