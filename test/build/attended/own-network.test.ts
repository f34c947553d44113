import {expect, it} from 'vitest';
import {withOwnNetwork} from '../../../src/build/attended/own-network.ts';
import type {SysctlSetting} from '../../../src/build/attended/rights.ts';

const ports = 'net/ipv4/ip_unprivileged_port_start:0';
const pings = 'net/ipv4/ping_group_range:0 2147483647';
const host = {hasParameter: () => true, isInUserNamespace: false};

function texts(settings: readonly SysctlSetting[]): string[] {
  return settings.map(({path, value}) => `${path}:${value}`);
}

it('ports and pings are for everybody, besides what flags set', () => {
  const set = [{path: 'net/ipv4/ip_forward', value: '1'}];
  expect(texts(withOwnNetwork(set, host))).toEqual([ports, pings, 'net/ipv4/ip_forward:1']);
});

it('what flags set is not set before', () => {
  const set = [{path: 'net/ipv4/ip_unprivileged_port_start', value: '1024'}];
  expect(texts(withOwnNetwork(set, host))).toEqual([pings, 'net/ipv4/ip_unprivileged_port_start:1024']);
});

it('a user namespace has no groups for pings', () => {
  expect(texts(withOwnNetwork([], {...host, isInUserNamespace: true}))).toEqual([ports]);
});

it('what the kernel does not have is left out', () => {
  const hasParameter = (path: string) => path.endsWith('_range');
  expect(texts(withOwnNetwork([], {...host, hasParameter}))).toEqual([pings]);
});
