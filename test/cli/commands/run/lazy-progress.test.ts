// What happens before there is a sink to show it.

import {expect, it} from 'vitest';
import {LazyProgress} from '../../../../src/cli/commands/run/lazy-progress.ts';
import {memoryIo} from '../../memory-io.ts';
import {parseCommandLine} from '../../parse-command-line.ts';

it('output that comes before there is a sink is kept, though its memory is used again', async () => {
  const io = memoryIo();
  const progress = new LazyProgress(parseCommandLine(['run', 'busybox']).flags, io);
  const memory = Buffer.from('first\n');
  progress.emit({type: 'step-started', step: 's', name: 'RUN make', atMs: 0});
  progress.emit({type: 'step-output', step: 's', stream: 'stdout', data: memory, atMs: 0});
  memory.write('other\n');
  progress.emit({type: 'step-output', step: 's', stream: 'stdout', data: memory, atMs: 0});
  memory.fill('-');
  await expect.poll(io.err).toContain('other');
  progress.close();
  expect(io.err()).toContain('#1 0.000 first\n#1 0.000 other\n');
});
