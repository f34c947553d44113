import {describe, expect, it} from 'vitest';
import {execOf, fileOf, historyOf, planOf} from '../../plan/plan-of.ts';

describe('WORKDIR', () => {
  it('A106: is relative to the one before, and to that of the base', async () => {
    const images = {'docker.io/library/base:latest': {WorkingDir: '/base'}};
    const plan = await planOf('FROM base\nWORKDIR a\nWORKDIR ../b\nRUN x', {images});
    expect(historyOf(plan).slice(0, 2)).toEqual(['WORKDIR /base/a', 'WORKDIR /base/b']);
    expect(plan.config.config.WorkingDir).toBe('/base/b');
    expect(execOf(plan).cwd).toBe('/base/b');
  });

  it('A106: is a layer made by the user of its place, who may be unknown', async () => {
    const plan = await planOf('FROM busybox\nUSER me\nWORKDIR /w/');
    expect(fileOf(plan).actions).toEqual([
      {type: 'make-directory', path: '/w', owner: 'me', unknownOwner: 'root'},
    ]);
    expect(plan.config.config.WorkingDir).toBe('/w/');
    expect(historyOf(plan).at(-1)).toBe('WORKDIR /w/');
  });

  it('A106: of the root makes no layer', async () => {
    const plan = await planOf('FROM scratch\nWORKDIR /');
    expect(plan.vertex).toBeUndefined();
    expect(historyOf(plan)).toEqual(['WORKDIR / (empty)']);
  });

  it('A106: its variables are expanded', async () => {
    const plan = await planOf('FROM busybox\nENV d=/x\nWORKDIR $d/y');
    expect(plan.config.config.WorkingDir).toBe('/x/y');
  });

  it('is written with backslashes for Windows', async () => {
    const targetPlatform = {os: 'windows', architecture: 'amd64'};
    const plan = await planOf('FROM scratch\nWORKDIR a/b', {targetPlatform});
    expect(plan.config.config).toEqual({WorkingDir: '\\a\\b'});
    expect(historyOf(plan)).toEqual(['WORKDIR /a/b']);
  });

  it('A43: takes its time from SOURCE_DATE_EPOCH', async () => {
    const plan = await planOf('FROM scratch\nWORKDIR /w', {buildArgs: {SOURCE_DATE_EPOCH: '1700000000'}});
    expect(fileOf(plan).actions[0]).toMatchObject({createdSeconds: 1700000000});
  });
});
