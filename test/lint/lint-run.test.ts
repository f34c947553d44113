// Which warnings are heard, and which of them fail a build.

import {describe, expect, it} from 'vitest';
import {amd64} from '../plan/plan-of.ts';
import {linted} from './linted.ts';

const body = 'FROM scratch as a\ncopy x /\n';
const names = (warnings: readonly string[]) => warnings.map((warning) => warning.replace(/^\d+ |:.*$/gs, ''));

async function heard(directive: string, options = {}): Promise<readonly string[]> {
  return names((await linted(`# check=${directive}\n${body}`, options)).warnings);
}

describe('check=skip', () => {
  it('silences rules for the file', async () => {
    expect(await heard('skip=FromAsCasing')).toEqual(['ConsistentInstructionCasing']);
    expect(await heard('skip=FromAsCasing, ConsistentInstructionCasing')).toEqual([
      'ConsistentInstructionCasing',
    ]);
    expect(await heard('skip=all')).toEqual([]);
    expect(await heard('skip=NoSuchRule')).toHaveLength(2);
  });

  it('silences ours by their long names', async () => {
    const text = 'FROM debian:12\nRUN apt-get update\n';
    expect(names((await linted(text)).warnings)).toEqual(['tsbuild/AptGetUpdateAlone']);
    expect((await linted(`# check=skip=tsbuild/AptGetUpdateAlone\n${text}`)).warnings).toEqual([]);
  });

  it('above an instruction is for that one', async () => {
    const comment = '# check=skip=MaintainerDeprecated // for the museum\n';
    const text = `FROM scratch\n${comment}MAINTAINER one\nMAINTAINER two\n`;
    expect((await linted(text)).warnings).toHaveLength(1);
    expect((await linted(`FROM scratch\n# check=skip=all\nMAINTAINER x\n`)).warnings).toEqual([]);
  });

  it('that cannot be read says nothing above an instruction', async () => {
    expect((await linted('FROM scratch\n# check=nonsense\nMAINTAINER x\n')).warnings).toHaveLength(1);
  });
});

describe('check=experimental', () => {
  it('turns a rule on that skip=all does not turn off', async () => {
    const text = '# why\nFROM scratch AS b\n';
    const all = await linted(`# check=skip=all;experimental=all\n${text}`);
    expect(names(all.warnings)).toEqual(['InvalidDefinitionDescription']);
  });
});

describe('check=error', () => {
  it('fails the build with the rules that were broken, in alphabetical order', async () => {
    const {error, warnings} = await linted(`# check=error=true\n${body}`);
    expect(error).toBe('lint violation found for rules: ConsistentInstructionCasing, FromAsCasing');
    expect(warnings).toHaveLength(2);
  });

  it('does not mind what is skipped', async () => {
    expect((await linted(`# check=skip=all;error=true\n${body}`)).error).toBeUndefined();
  });

  it('is not for rules of ours, which docker does not know', async () => {
    const {error, warnings} = await linted('# check=error=true\nFROM debian:12\nRUN apt-get update\n');
    expect(warnings).toHaveLength(1);
    expect(error).toBeUndefined();
  });
});

describe('BUILDKIT_DOCKERFILE_CHECK', () => {
  it('replaces the directive of the file', async () => {
    const buildArgs = {BUILDKIT_DOCKERFILE_CHECK: 'skip=FromAsCasing'};
    expect(await heard('skip=all', {buildArgs})).toEqual(['ConsistentInstructionCasing']);
  });
});

describe('a directive that cannot be read', () => {
  it.each([
    ['nonsense', 'failed to parse check options: invalid check option "nonsense"'],
    ['level=9', 'failed to parse check options: invalid check option "level"'],
  ])('%s is a mistake of the user', async (directive, message) => {
    await expect(linted(`# check=${directive}\n${body}`)).rejects.toThrow(message);
  });
});

describe('a file that cannot be planned', () => {
  it('has the warnings that were found until then', async () => {
    const {error, warnings} = await linted('FROM scratch AS A\nFROM ${NOTHING}\n');
    expect(error).toBe('base name (${NOTHING}) should not be blank');
    expect(names(warnings)).toEqual(['StageNameCasing', 'InvalidDefaultArgInFrom', 'UndefinedArgInFrom']);
  });
});

describe('a file that is planned for several platforms', () => {
  const arm64 = {os: 'linux', architecture: 'arm64'};
  const s390x = {os: 'linux', architecture: 's390x'};

  it('is warned of once for what every plan shows', async () => {
    const text = 'from scratch\nWORKDIR $NOBODY\nMAINTAINER x\n';
    const alone = await linted(text);
    expect(alone.warnings.length).toBeGreaterThan(2);
    expect(await linted(text, {}, [arm64, s390x])).toEqual(alone);
  });

  it('is warned of what only one of them shows, too, which can fail the build', async () => {
    const text = '# check=error=true\nFROM busybox\nRUN x\n';
    const options = {imagePlatform: amd64};
    expect(await linted(text, options)).toEqual({warnings: [], error: undefined});
    const {warnings, error} = await linted(text, options, [arm64]);
    expect(names(warnings)).toEqual(['InvalidBaseImagePlatform']);
    expect(error).toMatch(/InvalidBaseImagePlatform/);
  });
});
