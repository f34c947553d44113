import {describe, expect, it} from 'vitest';
import {digestOf} from '../../src/oci/digest.ts';
import {parseFilters} from '../../src/space/filter.ts';
import type {Item} from '../../src/space/item.ts';
import {choose, chooseInTurn, freedBytes, type Policy, totalBytes} from '../../src/space/selection.ts';
import {item} from './item.ts';

const hour = 3_600_000;

function gone(items: readonly Item[], policy: Partial<Policy> = {}, freeBytes = 1000): string[] {
  const whole = {all: false, filter: parseFilters([]), ...policy};
  return choose(items, whole, {nowMs: 100 * hour, freeBytes})
    .filter(({goes}) => goes)
    .map(({item: {id}}) => id);
}

function why(items: readonly Item[], policy: Partial<Policy> = {}): Record<string, string> {
  const whole = {all: false, filter: parseFilters([]), ...policy};
  const choices = choose(items, whole, {nowMs: 100 * hour, freeBytes: 1000});
  return Object.fromEntries(choices.map(({item: {id}, reason}) => [id, reason]));
}

describe('without limits', () => {
  it('everything that is not in use, pinned, shared or internal goes', () => {
    const items = [
      item('plain'),
      item('used', {inUse: true}),
      item('named', {type: 'image', pinned: 'an image with a name'}),
      item('shared', {shared: true}),
      item('internal', {type: 'internal'}),
    ];
    expect(gone(items)).toEqual(['plain']);
    expect(gone(items, {all: true}).sort()).toEqual(['internal', 'plain', 'shared']);
    expect(why(items)).toMatchObject({
      used: 'a process uses it',
      named: 'an image with a name',
      shared: 'an image has it too; --all takes it',
      plain: 'not used for 100 h',
    });
  });

  it('what lies on top goes before what it lies on, and keeps it when it stays', () => {
    const items = [item('base', {depth: 1}), item('top', {depth: 2, parents: ['base']})];
    expect(gone(items)).toEqual(['top', 'base']);
    expect(why([item('base'), item('top', {parents: ['base'], inUse: true})])).toEqual({
      base: '1 on top of it stays',
      top: 'a process uses it',
    });
    expect(gone(items, {filter: parseFilters(['id=base'])})).toEqual([]);
  });

  it('garbage goes first, but not what is in use', () => {
    const items = [
      item('old'),
      item('lost', {garbage: true, type: 'internal'}),
      item('made', {garbage: true, inUse: true}),
    ];
    expect(gone(items)).toEqual(['lost', 'old']);
  });

  it('an age keeps what was used since, and what nobody knows the age of', () => {
    const items = [
      item('old', {usedMs: 10 * hour}),
      item('new', {usedMs: 99 * hour}),
      item('note', {usedMs: undefined}),
    ];
    expect(gone(items, {keepMs: 24 * hour})).toEqual(['old']);
    expect(gone(items, {filter: parseFilters(['until=24h'])})).toEqual(['old']);
    expect(why([item('young', {usedMs: 100 * hour - 1})])).toEqual({young: 'used less than an hour ago'});
  });
});

describe('with limits', () => {
  const items = [1, 2, 3, 4].map((n) => item(`${n}`, {usedMs: n * hour}));

  it('only as much goes as is too much, the longest unused first', () => {
    expect(gone(items, {maxUsedBytes: 25})).toEqual(['1', '2']);
    expect(gone(items, {maxUsedBytes: 40})).toEqual([]);
    expect(gone(items, {reservedBytes: 30})).toEqual(['1']);
  });

  it('the disk gets its free space, down to what is reserved', () => {
    expect(gone(items, {minFreeBytes: 1000})).toEqual([]);
    expect(gone(items, {minFreeBytes: 1015})).toEqual(['1', '2']);
    expect(gone(items, {minFreeBytes: 2000, reservedBytes: 20})).toEqual(['1', '2']);
    expect(gone(items, {minFreeBytes: 2000})).toEqual(['1', '2', '3', '4']);
  });

  it('what several need counts once, and is won when the last of them goes', () => {
    const blobs = [{digest: digestOf('shared'), bytes: 6}];
    const shared = items.map((one) => (one.id === '1' || one.id === '2' ? {...one, blobs} : one));
    expect(totalBytes(shared)).toBe(34);
    expect(gone(shared, {maxUsedBytes: 30})).toEqual(['1']);
    expect(gone(shared, {maxUsedBytes: 20})).toEqual(['1', '2']);
    const choices = choose(shared, {all: true, filter: parseFilters(['id=[12]'])}, {nowMs: 0, freeBytes: 0});
    expect(freedBytes(choices)).toBe(14);
  });

  it('garbage goes even when there is room', () => {
    expect(gone([...items, item('lost', {garbage: true})], {maxUsedBytes: 1000})).toEqual(['lost']);
  });
});

describe('policies in turn', () => {
  it('each is given what the ones before have left, and the disk that they have freed', () => {
    const items = [
      item('mount', {type: 'exec.cachemount', usedMs: 90 * hour}),
      item('old', {usedMs: 1 * hour}),
      item('new', {usedMs: 2 * hour}),
    ];
    const mounts = {all: false, filter: parseFilters(['type=exec.cachemount'])};
    const room = {all: true, filter: parseFilters([]), minFreeBytes: 20};
    const choices = chooseInTurn(items, [mounts, room], {nowMs: 100 * hour, freeBytes: 5});
    expect(choices.map(({item: {id}, goes}) => [id, goes])).toEqual([
      ['mount', true],
      ['old', true],
      ['new', false],
    ]);
    const none = chooseInTurn(items, [], {nowMs: 0, freeBytes: 0});
    expect(none.map(({goes, reason}) => [goes, reason])).toEqual(
      items.map(() => [false, 'no policy asks for it']),
    );
  });
});
