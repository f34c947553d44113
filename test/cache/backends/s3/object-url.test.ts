import {expect, it} from 'vitest';
import {objectUrl} from '../../../../src/cache/backends/s3/object-url.ts';

it.each([
  ['https://data.s3.eu-west-1.amazonaws.com/k', {}],
  ['https://data.s3.cn-north-1.amazonaws.com.cn/k', {region: 'cn-north-1'}],
  ['https://s3.eu-west-1.amazonaws.com/data/k', {pathStyle: true}],
  // No certificate covers them.
  ['https://s3.eu-west-1.amazonaws.com/data.old/k', {bucket: 'data.old'}],
  ['https://s3.eu-west-1.amazonaws.com/data_old/k', {bucket: 'data_old'}],
  ['https://data.old.s3.eu-west-1.amazonaws.com/k', {bucket: 'data.old', pathStyle: false}],
  ['https://data.objects.example:9000/k', {endpoint: 'https://objects.example:9000'}],
  ['http://data.old.objects.example/k', {bucket: 'data.old', endpoint: 'http://objects.example/'}],
  ['http://127.0.0.1:9000/data/k', {endpoint: 'http://127.0.0.1:9000'}],
  ['http://[::1]:9000/data/k', {endpoint: 'http://[::1]:9000'}],
  ['http://localhost:9000/data/k', {endpoint: 'http://localhost:9000'}],
  ['https://data.objects.example/s3/k', {endpoint: 'https://objects.example/s3/'}],
  ['https://data.s3.eu-west-1.amazonaws.com/a%20b/sha256%3A1%2B%28%C3%A4%29', {key: 'a b/sha256:1+(ä)'}],
])('an object is at %s for %j', (url, given) => {
  const {
    bucket = 'data',
    pathStyle,
    key = 'k',
    endpoint,
    region = 'eu-west-1',
  }: {
    readonly bucket?: string;
    readonly pathStyle?: boolean;
    readonly key?: string;
    readonly endpoint?: string;
    readonly region?: string;
  } = given;
  expect(objectUrl({endpoint, region}, {bucket, pathStyle, key}).href).toBe(url);
});
