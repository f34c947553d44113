import {describe, expect, it} from 'vitest';
import {parseCaches} from '../../../src/cli/values/cache.ts';

describe('a shared cache on the command line', () => {
  it.each([
    ['user/app:ci', 'registry', {ref: 'user/app:ci'}],
    ['type=s3,bucket=b,Prefix=P/', 's3', {bucket: 'b', prefix: 'P/'}],
    ['type=local,"src=a,b"', 'local', {src: 'a,b'}],
  ])('%s is read', (text, type, options) => {
    expect(parseCaches('--cache-from', text)).toEqual([{type, options: new Map(Object.entries(options))}]);
  });

  it('is several where references stand between commas, and none where nothing is said', () => {
    const refs = ['host/a:1', 'host/b'].map((ref) => ({type: 'registry', options: new Map([['ref', ref]])}));
    expect(parseCaches('--cache-from', 'host/a:1,host/b')).toEqual(refs);
    expect(parseCaches('--cache-from', '')).toEqual([]);
  });

  it.each([
    ['src=x', /type is missing/],
    ['type=local,src', /key=value/],
    ['type=local,src=a,src=b', /given twice/],
  ])('%s is a mistake', (text, problem) => {
    expect(parseCaches('--cache-to', text)).toHaveProperty('problem', expect.stringMatching(problem));
  });
});
