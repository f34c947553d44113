import {hash} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {sectionOf} from '../../../../src/cache/backends/s3/credentials.ts';
import {emptyBodyHash, percentEncoded, signedHeaders} from '../../../../src/cache/backends/s3/signature.ts';

// The example "GET Object" of the S3 API reference, "Signature Calculations for the Authorization Header".
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const request = {
  method: 'GET',
  url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
  headers: {range: 'bytes=0-9'},
  bodyHash: emptyBodyHash,
};
const atMs = Date.UTC(2013, 4, 24);

describe('a signature', () => {
  it('is the one that AWS gives as an example', () => {
    const headers = signedHeaders(request, credentials, 'us-east-1', atMs);
    expect(headers['x-amz-date']).toBe('20130524T000000Z');
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  // The other examples of the same page.
  it.each([
    [
      'PUT',
      '/test%24file.text',
      {date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY'},
      'Welcome to Amazon S3.',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    ['GET', '/?lifecycle', {}, '', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    [
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      '',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('of %s %s is the one that AWS gives', (method, path, headers, body, signature) => {
    const url = new URL(path, 'https://examplebucket.s3.amazonaws.com');
    const bodyHash = hash('sha256', body, 'hex');
    const signed = signedHeaders({method, url, headers, bodyHash}, credentials, 'us-east-1', atMs);
    expect(signed['authorization']).toMatch(new RegExp(`Signature=${signature}$`));
  });

  it('covers the token of a session', () => {
    const headers = signedHeaders(request, {...credentials, sessionToken: 'once'}, 'us-east-1', atMs);
    expect(headers['x-amz-security-token']).toBe('once');
    expect(headers['authorization']).toContain(';x-amz-security-token,');
  });

  it('encodes what RFC 3986 reserves', () => {
    expect(percentEncoded("a b(c)*'!")).toBe('a%20b%28c%29%2A%27%21');
  });
});

describe('a shared file of settings', () => {
  it('gives the first of the sections that are asked for, without nested settings', () => {
    const text =
      '[default]\nregion = a\n[profile ci]\nregion=b\ns3 =\n  endpoint_url = x\n# c\nkey = v # w\n';
    expect(sectionOf(text, ['profile ci', 'ci'])).toEqual({region: 'b', key: 'v # w'});
    expect(sectionOf(text, ['none'])).toEqual({});
  });
});
