import {describe, expect, it} from 'vitest';
import {createQuietSink} from '../../../src/progress/sinks/quiet/quiet-sink.ts';
import {fakeHost} from './fake-host.ts';
import {failedBuild, Story, wholeBuild} from './story.ts';

function story(): Story {
  const host = fakeHost();
  return new Story(createQuietSink(host), host);
}

describe('quiet progress', () => {
  it('says nothing of a build that works', () => {
    expect(wholeBuild(story())).toBe('');
  });

  it('shows the log of the step that failed', () => {
    expect(failedBuild(story())).toBe(
      '------\n > [b 2/2] RUN ./test.sh:\n0.200 test 1 ok\n0.200 \x1b[31mtest 2 failed\x1b[0m\n0.250 no newline at the end\n------\n',
    );
  });

  it('of a log too long to keep shows the end, and how much is missing', () => {
    const noisy = story().start('a', 'A');
    for (let line = 0; line < 60; line++) noisy.say('a', `${'x'.repeat(60_000)}${line}\n`);
    const text = noisy.end('a', 'error').close();
    expect(text.length).toBeLessThan(2.5 * 1024 * 1024);
    expect(text).toMatch(/\[\d+ earlier lines\]/);
    expect(text).toContain('x59\n');
  });
});
