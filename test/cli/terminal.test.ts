import {describe, expect, it} from 'vitest';
import {rawOutput, safeIo} from '../../src/cli/terminal.ts';
import {memoryIo} from './memory-io.ts';

const title = '\x1b]0;not mine\x07';

describe('what commands write to a terminal', () => {
  it('loses what would set its title, and keeps text and colours', () => {
    const io = memoryIo({stdoutIsTty: true, stderrIsTty: true});
    safeIo(io).stdout.write(`a file ${title}of \x1b[31mthis\x1b[0m name \u009d0;nor this\u009c\n`);
    safeIo(io).stderr.write(`error: registry says ${title}no\x1b[6n\n`);
    expect(io.out()).toBe('a file of \x1b[31mthis\x1b[0m name \x1b[0m\n');
    expect(io.err()).toBe('error: registry says no\n');
  });

  it('stays harmless when a sequence, or a character, comes in two pieces', () => {
    const io = memoryIo({stdoutIsTty: true});
    const {stdout} = safeIo(io);
    for (const piece of ['a\x1b', ']0;x\x07\n', 'b\x1b]0;', 'y\x07\n']) stdout.write(piece);
    for (const piece of [[0xc3], [0xa4, 0xc2], [0x9d, 0x0a]]) stdout.write(Buffer.from(piece));
    expect(io.out()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    expect(io.out()).toContain('ä');
  });

  it('goes to files and pipes byte for byte', () => {
    const io = memoryIo();
    safeIo(io).stdout.write(title);
    safeIo(io).stderr.write(title);
    expect([io.out(), io.err()]).toEqual([title, title]);
  });

  it('leaves the stream itself to who moves the cursor', () => {
    const io = memoryIo({stderrIsTty: true});
    const {stderr} = safeIo(io);
    expect(stderr).not.toBe(io.stderr);
    expect(rawOutput(stderr)).toBe(io.stderr);
    expect(stderr.columns).toBe(80);
  });
});
