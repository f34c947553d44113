import {describe, expect, it} from 'vitest';
import {readInstruction} from '../../support/read-instruction.ts';

describe('COPY', () => {
  it('has sources and a destination', () => {
    expect(readInstruction('COPY a "b c" $d /e/').instruction).toMatchObject({
      keyword: 'COPY',
      sources: ['a', '"b', 'c"', '$d'],
      destination: '/e/',
      link: false,
      parents: false,
      excludes: [],
    });
  });

  it('takes them as JSON, where blanks are kept', () => {
    expect(readInstruction('COPY ["a b", "c"]').instruction).toMatchObject({
      sources: ['a b'],
      destination: 'c',
    });
  });

  it('has flags', () => {
    const text = 'COPY --from=b --chown=u:g --chmod=644 --link --parents=true --exclude=*.o --exclude=x a /';
    expect(readInstruction(text).instruction).toMatchObject({
      from: 'b',
      chown: 'u:g',
      chmod: '644',
      link: true,
      parents: true,
      excludes: ['*.o', 'x'],
    });
  });

  it('takes an empty flag for none', () => {
    expect(readInstruction('COPY --chown= --from= a /').instruction).not.toHaveProperty('chown');
    expect(readInstruction('COPY --chown= --from= a /').instruction).not.toHaveProperty('from');
  });

  it('has heredocs among its sources', () => {
    const {instruction} = readInstruction('COPY <<A b <<-"C" /d\n\ta\nA\n\tc\nC');
    expect(instruction).toMatchObject({
      sources: ['b'],
      sourceHeredocs: [
        {name: 'A', expand: true, chomp: false, content: '\ta\n'},
        {name: 'C', expand: false, chomp: true, content: 'c\n', raw: '\tc\n'},
      ],
      destination: '/d',
    });
  });

  it('gives two heredocs with one name the last body', () => {
    const {instruction} = readInstruction('COPY <<A <<A /\none\nA\ntwo\nA');
    expect(instruction).toMatchObject({sourceHeredocs: [{content: 'two\n'}, {content: 'two\n'}]});
  });

  it.each(['COPY', 'COPY a', 'COPY []', 'COPY ["a"]'])('refuses %s', (text) => {
    const message =
      'COPY requires at least two arguments, but only one was provided. Destination could not be determined';
    expect(readInstruction(text).problems).toEqual([`${message} @2:0-4`]);
  });

  it('refuses a heredoc as destination', () => {
    const {problems} = readInstruction('COPY a <<EOF\nx\nEOF');
    expect(problems).toEqual(['COPY cannot accept a heredoc as a destination @2:7-12']);
  });

  it('reports what is wrong with flags and arguments together', () => {
    expect(readInstruction('COPY --form=b a').problems).toHaveLength(2);
    expect(readInstruction('COPY --form=b a /').hints).toEqual(['did you mean --from?']);
  });
});
