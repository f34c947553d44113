// Records of builds for tests.

import {type BuildRecord, type RecordedStep, recordFormat} from '../../src/history/build-record.ts';

export function step(name: string, change: Partial<RecordedStep> = {}): RecordedStep {
  return {name, inputs: [], outcome: 'done', startedMs: 0, finishedMs: 0, logBytes: 0, ...change};
}

export function buildRecord(change: Partial<BuildRecord> = {}): BuildRecord {
  return {
    format: recordFormat,
    id: 'mx1k75wj0001',
    startedMs: 0,
    finishedMs: 0,
    status: 'completed',
    context: '/src/app',
    dockerfile: 'Dockerfile',
    tags: [],
    platforms: [],
    buildArgs: [],
    warnings: [],
    steps: [],
    ...change,
  };
}
