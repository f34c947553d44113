import {describe, expect, it} from 'vitest';
import {readDockerfile, readInstruction} from '../../support/read-instruction.ts';

function fromOf(text: string) {
  return readDockerfile(`${text}\n`).stages[0]?.from;
}

describe('FROM', () => {
  it('has an image, and may have a platform and a name', () => {
    expect(fromOf('FROM a:$v')).toMatchObject({keyword: 'FROM', image: 'a:$v', name: ''});
    expect(fromOf('FROM --platform=$P a aS Build.x')).toMatchObject({
      platform: '$P',
      image: 'a',
      name: 'build.x',
    });
  });

  it.each(['FROM', 'FROM a b', 'FROM a AS', 'FROM a AS b c', 'FROM a FOR b'])('refuses %s', (text) => {
    expect(readInstruction('', text).problems[0]).toContain(
      'FROM requires either one or three arguments @1:',
    );
  });

  it.each(['1', 'a/b', '$x', '-'])('refuses the name %s', (name) => {
    expect(readInstruction('', `FROM a AS ${name}`).problems).toEqual([
      `invalid name for build stage: "${name}", name can't start with a number or contain symbols ` +
        `@1:10-${10 + name.length}`,
    ]);
  });

  it('refuses other flags', () => {
    expect(readInstruction('', 'FROM --platfrom=x a').hints).toEqual(['did you mean --platform?']);
  });
});
