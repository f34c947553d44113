import {expect, test} from 'vitest';
import {rowOf} from '../../../src/cli/space/access.ts';
import {parseFilters} from '../../../src/space/filter.ts';
import {itemTypes} from '../../../src/space/item.ts';
import {item} from '../../space/item.ts';

test('the column MUTABLE says of every type what the filter mutable finds', () => {
  const {matches} = parseFilters(['mutable']);
  const items = itemTypes.map((type) => item(type, {type}));
  expect(items.filter((one) => rowOf(one, true)['Mutable'] === true)).toEqual(items.filter(matches));
  expect(items.filter(matches).map(({type}) => type)).toEqual(['source.local', 'exec.cachemount']);
});
