import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('ADD', () => {
  it('is like COPY, with flags of its own', () => {
    const text =
      'ADD --checksum=sha256:0 --keep-git-dir --unpack=false --chmod=1 --chown=2 --link --exclude=e a /b';
    expect(readInstruction(text).instruction).toMatchObject({
      keyword: 'ADD',
      sources: ['a'],
      destination: '/b',
      checksum: 'sha256:0',
      keepGitDir: true,
      unpack: false,
      chmod: '1',
      chown: '2',
      link: true,
      parents: false,
      excludes: ['e'],
    });
  });

  it('does not decide on switches that are not there', () => {
    const {instruction} = readInstruction('ADD a /b');
    expect(instruction).not.toHaveProperty('keepGitDir');
    expect(instruction).not.toHaveProperty('unpack');
  });

  it('has heredocs', () => {
    expect(readInstruction('ADD <<A /a\nx\nA').instruction).toMatchObject({
      sourceHeredocs: [{content: 'x\n'}],
    });
  });

  it('has no --from', () => {
    expect(readInstruction('ADD --from=x a /').problems).toEqual(['unknown flag: --from @2:4-12']);
  });

  it('wants a destination', () => {
    expect(readInstruction('ADD a').problems[0]).toContain('ADD requires at least two arguments');
  });
});
