import {describe, expect, it} from 'vitest';
import {lintText, runDebugLint} from '../../../../src/cli/commands/debug/lint.ts';
import {memoryIo} from '../../memory-io.ts';

const plain = {buildArgs: {}, target: undefined, allStages: false, own: false};

describe('debug lint', () => {
  it('prints warnings as one line of JSON, without rules of ours', async () => {
    const io = memoryIo({stdin: 'FROM debian:12\nRUN apt-get update\nMAINTAINER x\n'});
    expect(await runDebugLint(['-'], io)).toBe(0);
    const {warnings} = JSON.parse(io.out()) as {warnings: unknown[]};
    expect(warnings).toEqual([
      {
        rule: 'MaintainerDeprecated',
        line: 3,
        detail: 'Maintainer instruction is deprecated in favor of using label',
        description:
          'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
        url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
        level: 1,
      },
    ]);
  });

  it('tells why the file cannot be built, with the suggestion', async () => {
    const {buildErr} = await lintText('-', 'ARG BASE=alpine\nFROM --platform=linux/$BAES x\n', '', plain);
    expect(buildErr).toBe(
      'failed to parse platform linux/$BAES: "" is an invalid component of "linux/": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument (did you mean BASE?)',
    );
  });

  it('takes build arguments, ignore patterns and a target', async () => {
    const text = 'FROM scratch AS a\nCOPY x /\nFROM scratch\n';
    expect((await lintText('-', text, 'x\n', plain)).warnings).toEqual([]);
    expect((await lintText('-', text, 'x\n', {...plain, target: 'a'})).warnings).toHaveLength(1);
    expect((await lintText('-', text, 'x\n', {...plain, allStages: true})).warnings).toHaveLength(1);
  });

  it('refuses what it does not know', async () => {
    await expect(runDebugLint(['--what'], memoryIo())).rejects.toThrow('does not know --what');
    await expect(runDebugLint([], memoryIo())).rejects.toThrow('needs a FILE');
  });
});
