import {describe, expect, it} from 'vitest';
import type {EpochOrigin} from '../../src/plan/plan.ts';
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

  it('of a context, main or named, is what the context says; an image has none', async () => {
    const asked: EpochOrigin[] = [];
    const epochOf = async (origin: EpochOrigin): Promise<number> => {
      asked.push(origin);
      return 7;
    };
    const namedContexts = {
      dir: {type: 'local', name: 'dir'},
      img: {type: 'image', reference: 'docker.io/library/busybox:latest'},
    } as const;
    const epochs: (number | undefined)[] = [];
    for (const name of ['context', 'dir', 'img']) {
      const text = `ARG SOURCE_DATE_EPOCH=${name}\nFROM scratch\nARG SOURCE_DATE_EPOCH\nRUN x`;
      const plan = await planOf(text, {namedContexts, epochOf});
      epochs.push(plan.epochSeconds);
      expect(execOf(plan).env.includes('SOURCE_DATE_EPOCH=7')).toBe(name !== 'img');
    }
    expect(epochs).toEqual([7, 7, undefined]);
    expect(asked).toEqual([
      {type: 'context', name: 'context'},
      {type: 'context', name: 'dir'},
    ]);
  });

  it.each([
    [
      'ARG valueOf\nADD https://example.com/a$valueOf /',
      {type: 'http', url: 'https://example.com/a', filename: 'a'},
    ],
    ['ADD https://example.com/$v.tar /', {type: 'http', url: 'https://example.com/2.tar', filename: '2.tar'}],
    [
      'ADD --checksum=$sum https://example.com/a /',
      {type: 'http', url: 'https://example.com/a', filename: 'a', checksum: 'sha256:0'},
    ],
    [
      'ADD --keep-git-dir https://example.com/a#main /',
      {type: 'git', remote: 'https://example.com/a', ref: 'main', keepGitDirectory: true},
    ],
  ])('of a stage that only does %s is what that is', async (add, source) => {
    const text = `ARG SOURCE_DATE_EPOCH=Src\nFROM scratch AS src\nARG v=1\nARG sum=sha256:0\n${add}\nFROM scratch\nCOPY a b`;
    const asked: EpochOrigin[] = [];
    const plan = await planOf(text, {
      buildArgs: {v: '2'},
      epochOf: async (origin) => {
        asked.push(origin);
        return 9;
      },
    });
    expect(plan.epochSeconds).toBe(9);
    expect(asked).toEqual([{type: 'source', source}]);
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
    ['twice', 'SOURCE_DATE_EPOCH stage must contain exactly one remote ADD'],
  ])('%s is refused', async (value, message) => {
    const text = [
      'FROM scratch AS copies\nCOPY a /',
      'FROM busybox AS based\nADD https://example.com/x /',
      'FROM scratch AS local\nADD a /',
      'FROM scratch AS nothing',
      'FROM scratch AS twice\nADD https://example.com/x /\nADD https://example.com/y /',
      'FROM scratch',
    ].join('\n');
    expect(await problemsOf(text, {buildArgs: {SOURCE_DATE_EPOCH: value}})).toEqual([message]);
  });
});
