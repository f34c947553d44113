import {describe, expect, it} from 'vitest';
import {parseCache} from '../../../src/cli/values/cache.ts';

describe('a shared cache on the command line', () => {
  it.each([
    ['user/app:ci', 'registry', {ref: 'user/app:ci'}],
    ['type=s3,bucket=b,Prefix=P/', 's3', {bucket: 'b', prefix: 'P/'}],
    ['type=local,"src=a,b"', 'local', {src: 'a,b'}],
  ])('%s is read', (text, type, options) => {
    expect(parseCache('--cache-from', text)).toEqual({type, options: new Map(Object.entries(options))});
  });

  it.each([
    ['', /is empty/],
    ['src=x', /type is missing/],
    ['type=local,src', /key=value/],
    ['type=local,src=a,src=b', /given twice/],
  ])('%s is a mistake', (text, problem) => {
    expect(parseCache('--cache-to', text)).toHaveProperty('problem', expect.stringMatching(problem));
  });
});
