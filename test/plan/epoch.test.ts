import {describe, expect, it} from 'vitest';
import {execOf, fileOf, historyOf, planOf, problemsOf} from './plan-of.ts';

describe('SOURCE_DATE_EPOCH (A43)', () => {
  it('comes from the build argument, which beats the global default', async () => {
    const text = 'ARG SOURCE_DATE_EPOCH=1\nFROM scratch\nCOPY a b';
    const plan = await planOf(text, {buildArgs: {SOURCE_DATE_EPOCH: '2'}});
    expect(plan.epochSeconds).toBe(2);
    expect(fileOf(plan).actions[0]).toMatchObject({createdSeconds: 2});
    expect((await planOf(text)).epochSeconds).toBe(1);
  });

  it('is no variable of a step until ARG says so', async () => {
    const buildArgs = {SOURCE_DATE_EPOCH: '2'};
    const plan = await planOf('FROM scratch\nRUN x\nARG SOURCE_DATE_EPOCH\nRUN y', {buildArgs});
    expect(execOf(plan).env).toContain('SOURCE_DATE_EPOCH=2');
    expect(historyOf(plan)[0]).toBe('RUN /bin/sh -c x # buildkit');
  });

  it('of the context or of a local directory is no time', async () => {
    const plan = await planOf('FROM scratch\nARG SOURCE_DATE_EPOCH', {
      buildArgs: {SOURCE_DATE_EPOCH: 'context'},
    });
    expect(plan.epochSeconds).toBeUndefined();
    expect(historyOf(plan)).toEqual(['ARG SOURCE_DATE_EPOCH (empty)']);
  });

  it.each([
    ['nobody', 'invalid SOURCE_DATE_EPOCH: nobody'],
    [
      'copies',
      'SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported COPY instruction',
    ],
    ['based', 'SOURCE_DATE_EPOCH stage must use FROM scratch'],
    ['local', 'SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD'],
    ['nothing', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD'],
    [
      'remote',
      'SOURCE_DATE_EPOCH from a stage with a remote ADD is not supported, give it as a number of seconds',
    ],
  ])('%s is refused', async (value, message) => {
    const text = [
      'FROM scratch AS copies\nCOPY a /',
      'FROM busybox AS based\nADD https://example.com/x /',
      'FROM scratch AS local\nADD a /',
      'FROM scratch AS nothing',
      'FROM scratch AS remote\nARG v=1\nADD https://example.com/$v /',
      'FROM scratch',
    ].join('\n');
    expect(await problemsOf(text, {buildArgs: {SOURCE_DATE_EPOCH: value}})).toEqual([message]);
  });
});
