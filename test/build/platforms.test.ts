import {describe, expect, it} from 'vitest';
import {isPlatformList, planTogether, targetPlatforms} from '../../src/build/platforms.ts';
import {BuildError, buildError} from '../../src/diagnostics/build-error.ts';
import {hostPlatform, type Platform} from '../../src/oci/platform.ts';

const amd64: Platform = {os: 'linux', architecture: 'amd64'};
const arm64: Platform = {os: 'linux', architecture: 'arm64'};

describe('the platforms of a build', () => {
  it('are that of the machine when none is asked for', () => {
    expect(targetPlatforms({platforms: []})).toEqual([hostPlatform()]);
    expect(targetPlatforms({platforms: [arm64, amd64]})).toEqual([arm64, amd64]);
  });

  it('make a list when there are several, or when BUILDKIT_MULTI_PLATFORM says so', () => {
    expect(isPlatformList({platforms: [arm64], buildArgs: {}})).toBe(false);
    expect(isPlatformList({platforms: [arm64, amd64], buildArgs: {}})).toBe(true);
    expect(isPlatformList({platforms: [], buildArgs: {BUILDKIT_MULTI_PLATFORM: 'true'}})).toBe(true);
    expect(isPlatformList({platforms: [], buildArgs: {BUILDKIT_MULTI_PLATFORM: '0'}})).toBe(false);
  });
});

describe('planning for several platforms', () => {
  const both = [{targetPlatform: amd64}, {targetPlatform: arm64}] as const;

  it('gives the plans in the order asked for', async () => {
    const plans = await planTogether(both, async ({targetPlatform}) => targetPlatform.architecture);
    expect(plans).toEqual(['amd64', 'arm64']);
  });

  it('tells each mistake once, and of one that not all have, whose it is', async () => {
    const failing = planTogether(both, async ({targetPlatform}) => {
      const mistakes = [buildError('user', 'a', 'in every plan').diagnostics[0]] as const;
      const {diagnostics} = buildError('user', 'b', 'in one');
      throw new BuildError('user', targetPlatform === arm64 ? [...mistakes, ...diagnostics] : mistakes);
    });
    const error = await failing.catch((reason: unknown) => reason as BuildError);
    if (!(error instanceof BuildError)) throw new Error('planned');
    expect(error.diagnostics).toEqual([
      {severity: 'error', code: 'a', message: 'in every plan'},
      {severity: 'error', code: 'b', message: 'in one', notes: ['when built for linux/arm64']},
    ]);
  });

  it('throws what is no mistake of the user as it is', async () => {
    const reason = new Error('interrupted');
    const failing = planTogether(both, async () => {
      throw reason;
    });
    await expect(failing).rejects.toBe(reason);
  });
});
