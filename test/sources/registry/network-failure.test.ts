import {describe, expect, it} from 'vitest';
import {NetworkFailure, networkFailure} from '../../../src/sources/registry/network-failure.ts';

const coded = (code: string, more: object = {}): Error => Object.assign(new Error(code), {code, ...more});

describe('an error of the network', () => {
  it.each([
    [coded('ECONNREFUSED'), 'refused', 'connection refused'],
    [coded('ENOTFOUND'), 'unknown-host', 'no such host'],
    [coded('UND_ERR_BODY_TIMEOUT'), 'timeout', 'the transfer stalled'],
    [coded('UND_ERR_SOCKET'), 'broken', 'connection closed by the other side'],
    [coded('UND_ERR_SOCKET', {cause: coded('ECONNRESET')}), 'broken', 'connection closed by the other side'],
    [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'not-tls', 'the server does not speak TLS'],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'untrusted', 'the certificate is signed by an unknown authority'],
    [
      coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'),
      'unknown-client',
      'it does not know who signed the client certificate',
    ],
    [coded('ERR_SSL_SOMETHING_NEW'), 'tls', 'TLS failed: ERR_SSL_SOMETHING_NEW'],
    [coded('HPE_INVALID_CONSTANT'), 'protocol', 'the server does not speak HTTP'],
    [new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]), 'refused', 'connection refused'],
    [new TypeError('terminated', {cause: coded('ECONNRESET')}), 'broken', 'connection reset'],
    [new Error('Proxy response (407) !== 200 when HTTP Tunneling'), 'proxy', 'the proxy answered 407'],
    [coded('EWHATEVER'), 'broken', 'EWHATEVER'],
  ])('%o is %s', (error, kind, message) => {
    const failure = networkFailure(error, 'a.io');
    expect(failure).toBeInstanceOf(NetworkFailure);
    expect(failure).toMatchObject({kind, message, host: 'a.io', cause: error});
  });

  it('names the proxy it went through', () => {
    expect(networkFailure(coded('ECONNREFUSED'), 'a.io', 'p:3128')).toMatchObject({
      message: 'connection refused (through the proxy p:3128)',
    });
  });

  it('is no other error', () => {
    const bug = new TypeError('x is not a function');
    expect(networkFailure(bug, 'a.io')).toBe(bug);
    expect(networkFailure('text', 'a.io')).toBe('text');
  });
});
