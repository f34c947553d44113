import {expect, it} from 'vitest';
import {
  parseVariantOptions,
  parseVariantText,
  plainVariant,
  variantOptions,
  variantText,
} from '../../src/store/cache-mount-variant.ts';

const odd = {mode: 0o1770, uid: 1000, gid: 50, source: '/opt/a b', number: 2};

it.each([plainVariant, odd])('%j is the same after being written and read', (variant) => {
  expect(parseVariantText(variantText(variant))).toEqual(variant);
  expect(parseVariantOptions(variantOptions(variant))).toEqual(variant);
});

it('the text of a plain mount is the one that caches have been kept under from the beginning', () => {
  expect(variantText(plainVariant)).toBe('[493,0,0,""]');
  expect(variantText({...plainVariant, number: 3})).toBe('[493,0,0,""] 3');
});

it('what is missing among options is as in a plain mount', () => {
  expect(parseVariantOptions('')).toEqual(plainVariant);
  expect(parseVariantOptions('uid=7')).toEqual({...plainVariant, uid: 7});
});

it.each(['mode=9', 'mode=', 'uid=-1', 'user=1', 'uid', 'private=x', ','])('"%s" is no options', (text) => {
  expect(parseVariantOptions(text)).toBeUndefined();
});

it.each(['', '[1,2]', '["a",0,0,""]', '[493,0,0,""] x', '{}'])('"%s" is no text of a variant', (text) => {
  expect(parseVariantText(text)).toBeUndefined();
});
