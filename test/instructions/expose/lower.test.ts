import {describe, expect, it} from 'vitest';
import {historyOf, planOf, problemsOf} from '../../plan/plan-of.ts';

describe('EXPOSE', () => {
  it('A110: words are sorted, then expanded, then split', async () => {
    const plan = await planOf('FROM scratch\nARG p="90 91/udp"\nEXPOSE 80 $p 443/TCP');
    expect(historyOf(plan).at(-1)).toBe('EXPOSE [90/tcp 91/udp 443/tcp 80/tcp] (empty)');
    expect(Object.keys(plan.config.config.ExposedPorts ?? {})).toEqual([
      '443/tcp',
      '80/tcp',
      '90/tcp',
      '91/udp',
    ]);
  });

  it('A110: ranges become single ports', async () => {
    expect(historyOf(await planOf('FROM scratch\nEXPOSE 8000-8002/udp'))).toEqual([
      'EXPOSE [8000/udp 8001/udp 8002/udp] (empty)',
    ]);
  });

  it.each([
    ['80:8080', '8080/tcp'],
    ['127.0.0.1:80:8080', '8080/tcp'],
    ['[::1]:80:8080/udp', '8080/udp'],
    ['8000-8010:80', '80/tcp'],
    ['127.0.0.1::80', '80/tcp'],
  ])('A110: the host part of %s is dropped', async (text, port) => {
    const plan = await planOf(`FROM scratch\nEXPOSE ${text}`);
    expect(Object.keys(plan.config.config.ExposedPorts ?? {})).toEqual([port]);
  });

  it.each([
    ['65536', 'invalid containerPort: 65536'],
    ['90-80', 'invalid containerPort: 90-80'],
    ['abc', 'invalid containerPort: abc'],
    ['80/icmp', 'invalid proto: icmp'],
    ['/tcp', 'no port specified: /tcp<empty>'],
    ['host:80:80', 'invalid IP address: host'],
    ['x:80', 'invalid hostPort: x'],
    ['80-81:90-92', 'invalid ranges specified for container and host Ports: 90-92 and 80-81'],
  ])('A110: %s is refused', async (text, message) => {
    expect(await problemsOf(`FROM scratch\nEXPOSE ${text}`)).toEqual([message]);
  });
});
