import {describe, expect, it} from 'vitest';
import {execOf, fileOf, historyOf, planOf} from '../../plan/plan-of.ts';

describe('USER', () => {
  it('A107: is expanded, and is for the image and later steps', async () => {
    const plan = await planOf('FROM busybox\nARG u=me\nUSER $u:staff\nRUN x');
    expect(plan.config.config.User).toBe('me:staff');
    expect(execOf(plan).user).toBe('me:staff');
    expect(historyOf(plan)[1]).toBe('USER me:staff (empty)');
  });

  it('A107: does not own what COPY copies', async () => {
    const [action] = fileOf(await planOf('FROM busybox\nUSER me\nCOPY a b')).actions;
    expect(action?.owner).toBeUndefined();
  });
});
