import {describe, expect, it} from 'vitest';
import {systemCallArguments} from '../../../src/ops/exec/system-call-filter.ts';

describe('the system call filter of a step', () => {
  it('is one argument of hexadecimal digits, whole instructions, and the same for every step', async () => {
    const [argument = ''] = await systemCallArguments('sandbox', 'x64');
    expect(argument).toMatch(/^seccomp=(?:[0-9a-f]{16})+$/);
    expect(await systemCallArguments('sandbox', 'x64')).toEqual([argument]);
    expect(await systemCallArguments('sandbox', 'arm64')).not.toEqual([argument]);
  });

  it('is none for a step that may do everything', async () => {
    expect(await systemCallArguments('insecure', 'x64')).toEqual([]);
  });

  it('cannot be had for machines whose calls nobody has listed', async () => {
    await expect(systemCallArguments('sandbox', 'riscv64')).rejects.toThrow(
      'there is no system call filter for riscv64 machines',
    );
    expect(await systemCallArguments('insecure', 'riscv64')).toEqual([]);
  });
});
