import {describe, expect, it} from 'vitest';
import {historyOf, planOf} from '../../plan/plan-of.ts';

describe('MAINTAINER', () => {
  it('A116: is the author of the image, not expanded', async () => {
    const plan = await planOf('FROM scratch\nENV x=1\nMAINTAINER me $x <me@example.com>');
    expect(plan.config.author).toBe('me $x <me@example.com>');
    expect(historyOf(plan).at(-1)).toBe('MAINTAINER me $x <me@example.com> (empty)');
  });
});
