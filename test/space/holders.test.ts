import {expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {holdersOf} from '../../src/space/holders.ts';
import {item} from './item.ts';

it('says of each kind how much it holds, the largest first, and what an image shares once', () => {
  const blobs = [{digest: digestOf('layer'), bytes: 30}];
  const items = [
    item('image', {type: 'image', pinned: 'an image with a name', bytes: 30, blobs}),
    item('layer', {inUse: true, bytes: 40, blobs}),
    item('mount', {type: 'exec.cachemount', inUse: true, bytes: 20}),
  ];
  expect(holdersOf(items, 100)).toEqual([
    {what: 'what running steps have written, and the database', bytes: 100},
    {what: 'images with a name', bytes: 30},
    {what: 'cache mounts of running steps', bytes: 20},
    {what: 'layers and files that running builds use', bytes: 10},
  ]);
  expect(holdersOf([], 0)).toEqual([]);
});
