import {expect, it} from 'vitest';
import {nearest} from '../../src/dockerfile/nearest.ts';

it('forgives two slips, whatever the length', () => {
  expect(nearest('foo', ['from', 'chown'])).toBe('from');
  expect(nearest('FNTRYPOINT', ['ENV', 'ENTRYPOINT'])).toBe('ENTRYPOINT');
  expect(nearest('package', ['ENV', 'RUN'])).toBeUndefined();
});

it('says nothing when the word is right but for its case', () => {
  expect(nearest('Bind', ['bind', 'bing'])).toBeUndefined();
});
