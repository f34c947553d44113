import {describe, expect, it} from 'vitest';
import {HelperError} from '../../src/helper/helper.ts';
import {takeLease} from '../../src/network/lease.ts';
import {FakeLeaseHelper} from './fake-lease-helper.ts';

const answer = 'host=10.1.0.1\0dns=\0ipv6=0\0lease=7/10.1.0.0/1500/1\0';

describe('a lease', () => {
  it('is there when all of its fields are, in however many pieces they come', async () => {
    const lease = await takeLease(new FakeLeaseHelper([...answer]));
    expect(lease).toMatchObject({argument: '7/10.1.0.0/1500/1', hostAddress: '10.1.0.1', ipv6: false});
    expect(lease.hostResolver).toBeUndefined();
    expect(lease.lostBecause()).toBeUndefined();
  });

  it('may offer the resolver of the host, and IPv6', async () => {
    const lease = await takeLease(
      new FakeLeaseHelper(['host=192.0.2.1\0dns=10.0.2.3\0ipv6=1\0lease=7/10.1.0.0/9000/2\0']),
    );
    expect(lease).toMatchObject({hostAddress: '192.0.2.1', hostResolver: '10.0.2.3', ipv6: true});
  });

  it('is refused with the reason of the helper', async () => {
    const reason = new HelperError('network', 1, '', 'no such thing here');
    await expect(takeLease(new FakeLeaseHelper([], reason))).rejects.toBe(reason);
  });

  it('ends when it is given back, and nothing was lost', async () => {
    const helper = new FakeLeaseHelper([answer]);
    const lease = await takeLease(helper);
    lease.giveBack();
    await new Promise(setImmediate);
    expect(helper.givenBack).toBe(true);
    expect(lease.lostBecause()).toBeUndefined();
  });

  it('says why it was lost', async () => {
    const helper = new FakeLeaseHelper([answer]);
    const lease = await takeLease(helper);
    const reason = new HelperError('network', 0, '', 'the way out ended');
    helper.breakDown(reason);
    await new Promise(setImmediate);
    expect(lease.lostBecause()).toBe(reason);
  });
});
