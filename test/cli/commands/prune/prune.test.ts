// What `tsbuild prune` refuses before it opens anything.

import {expect, it} from 'vitest';
import {runCli} from '../../../../src/cli/run.ts';
import {memoryIo} from '../../memory-io.ts';

it.each([
  [['prune', '--max-used-space', 'much'], /--max-used-space expects a size such as 10GB or 20%, got "much"/],
  [['prune', '--filter', 'size=1'], /there is no filter "size=1"/],
  [['cache-mount', 'prune', 'app'], /cache-mount prune takes no operands/],
  [['prune', 'app'], /prune takes no operands/],
])(
  '%j is a mistake of the command line',
  async (argv, message) => {
    const io = memoryIo({});
    expect(await runCli(argv, io, new AbortController().signal)).toBe(2);
    expect(io.err()).toMatch(message);
    // The first to load the engine may wait for it on a busy machine.
  },
  30_000,
);
