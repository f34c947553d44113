import {describe, expect, it} from 'vitest';
import {durationMs} from '../../src/config/read-gc.ts';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {parseFilters} from '../../src/space/filter.ts';
import {item} from './item.ts';

const hits = (texts: string[], ...items: ReturnType<typeof item>[]): string[] => {
  const filter = parseFilters(texts);
  return items.filter((one) => filter.matches(one)).map(({id}) => id);
};

describe('a filter', () => {
  const run = item('run', {description: 'RUN npm ci', parents: ['base']});
  const cache = item('cache', {type: 'exec.cachemount', inUse: true});
  const base = item('base', {shared: true});

  it('finds by the whole of a type, and by any part of id and description', () => {
    expect(hits(['type=exec.cachemount'], run, cache, base)).toEqual(['cache']);
    expect(hits(['type=exec'], run, cache, base)).toEqual([]);
    expect(hits(['id=ru'], run, cache, base)).toEqual(['run']);
    expect(hits(['description=npm'], run, cache, base)).toEqual(['run']);
    expect(hits(['parents=base'], run, cache, base)).toEqual(['run']);
  });

  it("knows buildkitd's operators, with alternatives of one field", () => {
    expect(hits(['type==regular,type==exec.cachemount,id!=base'], run, cache, base)).toEqual([
      'run',
      'cache',
    ]);
    expect(hits(['description~=^RUN npm (ci|i)$'], run, cache)).toEqual(['run']);
    expect(hits(['description!=RUN npm ci'], run, cache)).toEqual(['cache']);
  });

  it('wants all of several', () => {
    expect(hits(['type=regular', 'shared'], run, cache, base)).toEqual(['base']);
    expect(hits(['inuse=false', 'private'], run, cache, base)).toEqual(['run']);
  });

  it('takes ages apart', () => {
    expect(parseFilters(['until=1h30m', 'type=regular']).keepMs).toBe(5_400_000);
    expect(parseFilters(['unused-for=2d']).keepMs).toBe(172_800_000);
    expect(durationMs('90')).toBe(90_000);
    expect(durationMs('1.5s')).toBe(1500);
    expect(durationMs('soon')).toBeUndefined();
  });

  it.each([
    ['typ=regular', 'did you mean type?'],
    ['until=soon', 'it takes a time'],
    ['inuse=maybe', 'true or false'],
    ['id', 'needs a value'],
    ['description~=(', 'no regular expression'],
  ])('that makes no sense is an error: %s', (text, said) => {
    let error: unknown;
    try {
      parseFilters([text]);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(BuildError);
    expect(JSON.stringify((error as BuildError).diagnostics)).toContain(said);
  });
});
