import {expect, it} from 'vitest';
import {usageOf} from '../../../src/ops/exec/resource-usage.ts';

const result = {
  exit: '0',
  wall: '1.234567',
  maxrss: '2048',
  utime: '0.900400',
  stime: '0.100200',
  read: '4096',
  written: '512',
};

it('takes the peak of the largest process where the step had no limits', () => {
  expect(usageOf(new Map(Object.entries(result)))).toEqual({
    wallMs: 1235,
    cpuMs: 1001,
    memoryBytes: 2 * 1024 ** 2,
    readBytes: 4096,
    writtenBytes: 512,
  });
});

it('takes the peak of all processes where there was a control group', () => {
  const limited = new Map(Object.entries({...result, memorypeak: '7340032', oomkills: '0'}));
  expect(usageOf(limited).memoryBytes).toBe(7340032);
});
