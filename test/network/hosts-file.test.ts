import {describe, expect, it} from 'vitest';
import {hostsText} from '../../src/network/hosts-file.ts';

describe('the hosts file of a step', () => {
  it('names localhost and the step itself, for both families', () => {
    expect(hostsText('buildkitsandbox', [], '10.1.0.1')).toBe(
      '127.0.0.1\tlocalhost buildkitsandbox\n::1\tlocalhost ip6-localhost ip6-loopback\n',
    );
  });

  it('has the extra hosts in their order, and the address of the host for host-gateway', () => {
    const extra = [
      {host: 'db', address: '192.0.2.7'},
      {host: 'host.docker.internal', address: 'host-gateway'},
      {host: 'db', address: '2001:db8::7'},
    ];
    expect(hostsText('h', extra, '10.1.0.1').split('\n').slice(2)).toEqual([
      '192.0.2.7\tdb',
      '10.1.0.1\thost.docker.internal',
      '2001:db8::7\tdb',
      '',
    ]);
  });
});
