import {describe, expect, it} from 'vitest';
import {isLoopback, proxyFor} from '../../../src/sources/registry/proxy.ts';

const proxied = (url: string, environment: Record<string, string>): string | undefined =>
  proxyFor(new URL(url), environment);

describe('the proxy of an address', () => {
  it('is that of its scheme, in either case', () => {
    const both = {HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:2'};
    expect(proxied('http://a.io', both)).toBe('http://p:1');
    expect(proxied('https://a.io', both)).toBe('http://p:2');
    expect(proxied('https://a.io', {https_proxy: 'p:3'})).toBe('http://p:3');
    expect(proxied('https://a.io', {HTTP_PROXY: 'http://p:1'})).toBeUndefined();
    expect(proxied('https://a.io', {HTTPS_PROXY: '', https_proxy: 'http://p:2'})).toBe('http://p:2');
    expect(proxied('https://a.io', {HTTPS_PROXY: 'https://p:1'})).toBe('https://p:1');
  });

  it.each(['ftp://p:1', 'http://[', 'http://', 'socks5://p:1'])('%s is none, and is not shown', (address) => {
    const problem = () => proxied('https://a.io', {https_proxy: address});
    expect(problem).toThrow('https_proxy is no address of a proxy');
    expect(problem).not.toThrow(address);
    expect(proxied('https://localhost', {https_proxy: address})).toBeUndefined();
  });

  it.each(['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])('is none for this machine: %s', (host) => {
    expect(proxied(`http://${host}:5000`, {HTTP_PROXY: 'http://p:1'})).toBeUndefined();
  });

  it.each([
    ['*', 'https://a.io', false],
    ['a.io', 'https://a.io', false],
    ['a.io', 'https://x.a.io', false],
    ['a.io', 'https://xa.io', true],
    ['.a.io', 'https://a.io', true],
    ['.a.io', 'https://x.a.io', false],
    ['*.a.io', 'https://x.a.io', false],
    ['b.io, A.IO ,c.io', 'https://a.io', false],
    ['a.io:5000', 'https://a.io:5000', false],
    ['a.io:5000', 'https://a.io', true],
    ['a.io:443', 'https://a.io', false],
    ['10.0.0.0/8', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://11.1.2.3', true],
    ['10.0.0.0/99', 'https://10.1.2.3', true],
    ['10.1.2.3', 'https://10.1.2.3', false],
    ['fd00::/8', 'https://[fd00::1]', false],
    ['fd00::1', 'https://[fd00::1]', false],
    ['', 'https://a.io', true],
    [',', 'https://a.io', true],
  ])('with NO_PROXY=%s for %s: %s', (exceptions, url, expected) => {
    expect(proxied(url, {HTTPS_PROXY: 'http://p:1', NO_PROXY: exceptions}) !== undefined).toBe(expected);
    expect(proxied(url, {HTTPS_PROXY: 'http://p:1', no_proxy: exceptions}) !== undefined).toBe(expected);
  });
});

it('loopback is localhost, 127/8 and ::1', () => {
  expect(['localhost', '127.0.0.1', '127.255.0.1', '::1'].every(isLoopback)).toBe(true);
  expect(['localhost.io', '128.0.0.1', '127.example.org', '0.0.0.0'].some(isLoopback)).toBe(false);
});
