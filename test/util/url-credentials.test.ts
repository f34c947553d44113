import {describe, expect, it} from 'vitest';
import {maskedCredentials, withoutCredentials} from '../../src/util/url-credentials.ts';

describe('withoutCredentials', () => {
  it.each([
    ['https://me:secret@example.org/a?b=c@d', 'https://xxxxx@example.org/a?b=c@d'],
    [
      'ADD https://token@example.org/a.git#main HTTP://u:p@h /x',
      'ADD https://xxxxx@example.org/a.git#main HTTP://xxxxx@h /x',
    ],
    ['https://me:with@in@example.org/', 'https://xxxxx@example.org/'],
    ['ssh://git:secret@example.org:22/a', 'ssh://git:xxxxx@example.org:22/a'],
    ['ssh://git@example.org:22/a@b:c.git', 'ssh://git@example.org:22/a@b:c.git'],
    ['git@example.org:a/b.git', 'git@example.org:a/b.git'],
    ['https://example.org:8080/@scope/name', 'https://example.org:8080/@scope/name'],
    ['https://$USER:${TOKEN}@example.org/', 'https://$USER:${TOKEN}@example.org/'],
    ['nothing here', 'nothing here'],
  ])('%s', (text, shown) => {
    expect(withoutCredentials(text)).toBe(shown);
  });
});

describe('maskedCredentials', () => {
  it('keeps every column where it was', () => {
    const text = 'ADD http://u:secret@h/a /b';
    expect(maskedCredentials(text)).toBe('ADD http://xxxxxxxx@h/a /b');
    expect(maskedCredentials(text)).toHaveLength(text.length);
  });

  it('takes its time on hostile text only once', () => {
    const text = `http://${'a@'.repeat(200_000)}`;
    expect(withoutCredentials(text)).toBe('http://xxxxx@');
    const long = `${'a.'.repeat(1_000_000)}@`;
    expect(withoutCredentials(long)).toBe(long);
  });
});
