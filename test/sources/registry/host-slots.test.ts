import {describe, expect, it} from 'vitest';
import {HostSlots} from '../../../src/sources/registry/host-slots.ts';

const {signal} = new AbortController();

describe('the slots of a host', () => {
  it('are given in order of arrival, and given back once', async () => {
    const slots = new HostSlots(1);
    const order: string[] = [];
    const first = await slots.take('a', signal);
    const rest = ['b', 'c'].map(async (name) => {
      const giveBack = await slots.take('a', signal);
      order.push(name);
      return giveBack;
    });
    first();
    first();
    const second = await rest[0];
    expect(order).toEqual(['b']);
    second?.();
    (await rest[1])?.();
    expect(order).toEqual(['b', 'c']);
    (await slots.take('a', signal))();
  });

  it('are its own', async () => {
    const slots = new HostSlots(1);
    const held = await slots.take('a', signal);
    (await slots.take('b', signal))();
    held();
  });

  it('are not lost to somebody who stopped waiting', async () => {
    const slots = new HostSlots(1);
    const held = await slots.take('a', signal);
    const abort = new AbortController();
    const waiting = slots.take('a', abort.signal);
    const behind = slots.take('a', signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    held();
    (await behind)();
    await expect(slots.take('a', abort.signal)).rejects.toThrow('enough');
  });
});
