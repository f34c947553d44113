import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('VOLUME', () => {
  it('has paths, as words or as JSON', () => {
    expect(readInstruction('VOLUME /a /b').instruction).toMatchObject({
      keyword: 'VOLUME',
      volumes: ['/a', '/b'],
    });
    expect(readInstruction('VOLUME ["/a b", " /c "]').instruction).toMatchObject({volumes: ['/a b', '/c']});
  });

  it('refuses none and empty ones', () => {
    expect(readInstruction('VOLUME').problems).toEqual(['VOLUME requires at least one argument @2:0-6']);
    expect(readInstruction('VOLUME []').problems).toEqual(['VOLUME requires at least one argument @2:0-6']);
    expect(readInstruction('VOLUME ["/a", ""]').problems).toEqual([
      'VOLUME specified can not be an empty string @2:14-16',
    ]);
  });
});
