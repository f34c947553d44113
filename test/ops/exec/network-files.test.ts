import {describe, expect, it} from 'vitest';
import {hostsText} from '../../../src/ops/exec/network-files.ts';

describe('hostsText', () => {
  it('names localhost, the step itself and the extra hosts', () => {
    const lines = hostsText('buildkitsandbox', [{host: 'db', address: '10.0.0.7'}]).split('\n');
    expect(lines[0]).toBe('127.0.0.1\tlocalhost');
    expect(lines).toContain('127.0.0.1\tbuildkitsandbox');
    expect(lines).toContain('10.0.0.7\tdb');
    expect(lines.at(-1)).toBe('');
  });
});
