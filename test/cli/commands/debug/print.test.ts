import {describe, expect, it} from 'vitest';
import {runDebugPrint} from '../../../../src/cli/commands/debug/print.ts';
import {BuildError} from '../../../../src/diagnostics/build-error.ts';
import {memoryIo} from '../../memory-io.ts';

describe('debug print', () => {
  it('writes an instruction a line', async () => {
    const io = memoryIo({stdin: 'FROM a\nRUN one && \\\n# between\n  two\n'});
    expect(await runDebugPrint(['-'], io)).toBe(0);
    expect(io.out()).toBe('\nFROM a\nRUN one &&   two\n');
  });

  it('has nothing to print of a file with mistakes, and names them all', async () => {
    const io = memoryIo({stdin: 'FROM\nNONSENSE\n'});
    const failure = await runDebugPrint(['-'], io).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BuildError);
    expect((failure as BuildError).diagnostics).toHaveLength(2);
    expect(io.out()).toBe('');
  });

  it('takes one file', async () => {
    const io = memoryIo();
    expect(await runDebugPrint([], io)).toBe(2);
    expect(io.err()).toBe('usage: tsbuild debug print FILE\n');
  });
});
