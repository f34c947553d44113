import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {HistoryStore} from '../../src/history/history-store.ts';
import {BuildRecorder} from '../../src/history/recorder.ts';
import {buildRecord, step} from './build-records.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsbuild-history-'));
  mkdirSync(join(root, 'work'));
});
afterEach(() => rmSync(root, {recursive: true, force: true}));

const {context, dockerfile, tags, platforms, buildArgs} = buildRecord();
const subject = {context, dockerfile, tags, platforms, buildArgs};

function recorder(now = {ms: 1_700_000_000_000}): BuildRecorder {
  return new BuildRecorder(root, subject, {nowMs: () => now.ms++});
}

describe('a recorded build', () => {
  it('has its steps with keys, reasons, times, inputs and logs', () => {
    const build = recorder();
    const miss = {code: 'files' as const, text: 'x changed'};
    const base = {id: 'base', inputs: [], origin: {name: 'FROM x', stage: 's', span: {line: 1}}};
    build.planned([{id: 'run', inputs: [base], origin: {name: 'RUN', stage: 's', span: {line: 2}}}]);
    build.emit({type: 'step-finished', step: 'base', name: 'FROM x', atMs: 5, outcome: 'cached', key: 'k0'});
    build.emit({type: 'step-started', step: 'run', name: 'RUN', atMs: 10, miss, key: 'k1'});
    for (const text of ['one\n', 'two\n']) {
      build.emit({type: 'step-output', step: 'run', stream: 'stdout', data: Buffer.from(text), atMs: 11});
    }
    build.emit({
      type: 'step-finished',
      step: 'run',
      name: 'RUN',
      atMs: 40,
      outcome: 'error',
      error: 'exit 1',
    });
    build.finish({status: 'error', error: 'RUN failed'});
    const history = new HistoryStore(root);
    const [record] = [...history.records()];
    expect(record).toMatchObject({status: 'error', error: 'RUN failed', context: '/src/app'});
    expect(record?.steps).toEqual([
      step('FROM x', {outcome: 'cached', key: 'k0', startedMs: 5, finishedMs: 5, stage: 's', line: 1}),
      step('RUN', {
        outcome: 'error',
        error: 'exit 1',
        key: 'k1',
        miss,
        startedMs: 10,
        finishedMs: 40,
        stage: 's',
        line: 2,
        inputs: [0],
        logBytes: 8,
      }),
    ]);
    expect(history.log(record?.id ?? '', 1).toString()).toBe('one\ntwo\n');
    expect(readdirSync(join(root, 'work'))).toEqual([]);
  });

  it('writes long logs as they come, and keeps no more than a part of endless ones', () => {
    const build = recorder();
    build.emit({type: 'step-started', step: 'a', name: 'A', atMs: 0});
    const data = Buffer.alloc(1 << 20, 'x');
    build.emit({type: 'step-output', step: 'a', stream: 'stdout', data, atMs: 1});
    expect(readdirSync(join(root, 'work'))).toHaveLength(1);
    for (let index = 0; index < 65; index++) {
      build.emit({type: 'step-output', step: 'a', stream: 'stdout', data, atMs: 1});
    }
    build.finish({status: 'canceled'});
    const history = new HistoryStore(root);
    const [record] = [...history.records()];
    expect(record?.steps[0]).toMatchObject({outcome: 'running', logBytes: 66 << 20});
    expect(history.log(record?.id ?? '', 0)).toHaveLength(64 << 20);
  });

  it('has logs as they were, whose memory is used again', () => {
    const build = recorder();
    build.emit({type: 'step-started', step: 'a', name: 'A', atMs: 0});
    const said: string[] = [];
    for (const [index, length] of [
      10, 70_000, 60_000, 300_000, 1, 63_000, 63_000, 63_000, 63_000,
    ].entries()) {
      const data = Buffer.alloc(length, `${index}`);
      said.push(data.toString());
      build.emit({type: 'step-output', step: 'a', stream: 'stdout', data, atMs: 1});
      data.fill('-');
    }
    build.finish({status: 'completed'});
    const history = new HistoryStore(root);
    const log = history.log([...history.records()][0]?.id ?? '', 0) ?? '';
    expect(Buffer.from(log).toString() === said.join('')).toBe(true);
  });

  it('is not written where there is no state directory, and nobody is told', () => {
    rmSync(root, {recursive: true});
    recorder().finish({status: 'completed'});
    expect(existsSync(root)).toBe(false);
  });

  it('is one of 200 at most', () => {
    const now = {ms: 1_700_000_000_000};
    for (let index = 0; index < 202; index++) recorder(now).finish({status: 'completed'});
    const ids = new HistoryStore(root).ids();
    expect(ids).toHaveLength(200);
    expect(ids).toEqual(ids.toSorted().reverse());
  });
});
