import {describe, expect, it} from 'vitest';
import {
  configured,
  hasOnlyLoopback,
  parseResolvConf,
  reachable,
  resolvConfText,
} from '../../src/network/resolv-conf.ts';

const office = `
# written by hand
; as in the old days
domain old.example
search office.example lab.example
nameserver 192.0.2.53   # the printer
nameserver	2001:db8::53
nameserver not-an-address
options edns0
options ndots:2 trust-ad
sortlist 192.0.2.0
`;
const nothing = {nameservers: [], options: [], searchDomains: []};

describe('a resolv.conf', () => {
  it('is read as resolv.conf(5) says: the last search counts, options add up', () => {
    expect(parseResolvConf(office)).toEqual({
      nameservers: ['192.0.2.53', '2001:db8::53'],
      search: ['office.example', 'lab.example'],
      options: ['edns0', 'ndots:2', 'trust-ad'],
      other: ['sortlist 192.0.2.0'],
    });
  });

  it('is written with one line for each kind', () => {
    expect(resolvConfText(parseResolvConf(office))).toBe(
      'nameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch office.example lab.example\n' +
        'options edns0 ndots:2 trust-ad\nsortlist 192.0.2.0\n',
    );
    expect(resolvConfText(parseResolvConf(''))).toBe('');
  });

  it.each([
    ['nameserver 127.0.0.53', true],
    ['nameserver 127.0.0.1\nnameserver ::1', true],
    ['nameserver 127.0.0.1\nnameserver 192.0.2.1', false],
    ['search a.example', false],
  ])('%j has only servers of the host itself: %s', (text, only) => {
    expect(hasOnlyLoopback(parseResolvConf(text))).toBe(only);
  });
});

describe('what a step asks', () => {
  const serversOf = (text: string, reach: Parameters<typeof reachable>[1]) =>
    reachable(parseResolvConf(text), reach).nameservers;

  it('are the servers of the host that it can reach', () => {
    const text =
      'nameserver 127.0.0.53\nnameserver 192.0.2.9\nnameserver 2001:db8::9\nnameserver fe80::1%eth0\n';
    expect(serversOf(text, {ipv6: false})).toEqual(['192.0.2.9']);
    expect(serversOf(text, {ipv6: true})).toEqual(['192.0.2.9', '2001:db8::9']);
  });

  it.each([['127.0.0.1'], ['127.8.8.8'], ['::1'], ['0:0:0:0:0:0:0:1'], ['::ffff:127.0.0.1']])(
    '%s is never one of them',
    (address) => {
      expect(serversOf(`nameserver ${address}\nnameserver 192.0.2.9`, {ipv6: true})).toEqual(['192.0.2.9']);
    },
  );

  it('are public servers when none is left, as docker has it', () => {
    expect(serversOf('nameserver 127.0.0.1', {ipv6: false})).toEqual(['8.8.8.8', '8.8.4.4']);
    expect(serversOf('', {ipv6: true})).toEqual([
      '8.8.8.8',
      '8.8.4.4',
      '2001:4860:4860::8888',
      '2001:4860:4860::8844',
    ]);
  });

  it('is rather the resolver of the host, where that can be reached', () => {
    expect(serversOf('nameserver 127.0.0.1', {ipv6: false, hostResolver: '10.0.2.3'})).toEqual(['10.0.2.3']);
    expect(serversOf('nameserver 192.0.2.9', {ipv6: false, hostResolver: '10.0.2.3'})).toEqual(['192.0.2.9']);
  });

  it('keeps search domains and options', () => {
    const {search, options} = reachable(parseResolvConf('nameserver ::1\nsearch a.example\noptions rotate'), {
      ipv6: false,
    });
    expect([search, options]).toEqual([['a.example'], ['rotate']]);
  });
});

describe('the [dns] section', () => {
  const host = parseResolvConf('nameserver 192.0.2.9\nsearch a.example .\noptions rotate');

  it('replaces what it names and nothing else', () => {
    expect(configured(host, nothing)).toEqual(host);
    expect(configured(host, {...nothing, nameservers: ['198.51.100.1']})).toEqual({
      ...host,
      nameservers: ['198.51.100.1'],
    });
    expect(configured(host, {...nothing, options: ['ndots:5'], searchDomains: ['b.example']})).toEqual({
      ...host,
      options: ['ndots:5'],
      search: ['b.example'],
    });
  });

  it('can say that there is no search domain, with a dot', () => {
    expect(configured(host, {...nothing, searchDomains: ['.']}).search).toEqual([]);
  });
});
