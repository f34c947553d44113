import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('SHELL', () => {
  it('is a command in JSON', () => {
    expect(readInstruction('SHELL ["/bin/bash", "-c"]').instruction).toMatchObject({
      keyword: 'SHELL',
      shell: ['/bin/bash', '-c'],
    });
  });

  it('refuses anything else', () => {
    expect(readInstruction('SHELL /bin/bash -c').problems).toEqual([
      'SHELL requires the arguments to be in JSON form @2:6-18',
    ]);
    expect(readInstruction('SHELL').problems).toEqual(['SHELL requires at least one argument @2:0-5']);
    expect(readInstruction('SHELL []').problems).toEqual(['SHELL requires at least one argument @2:0-5']);
  });
});
