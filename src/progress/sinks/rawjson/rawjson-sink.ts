// --progress=rawjson: one JSON object per line, in the shape of BuildKit's SolveStatus, so that what reads docker's
// output reads ours (docs/formats/events.md).

import {digestOf, isDigest} from '../../../oci/digest.ts';
import {unreachable} from '../../../util/assert.ts';
import type {BuildEvent, ProgressSink, StepId} from '../../events.ts';
import {vertexWarning} from '../../vertex-warning.ts';
import {Pages} from '../pages.ts';
import type {SinkHost} from '../sink.ts';

type Output = Extract<BuildEvent, {type: 'step-output'}>;

/** Encoded at once: a multiple of three, so that the pieces are one text. */
const encodedBytes = 48 * 1024;

export function createRawJsonSink(host: SinkHost): ProgressSink {
  const startedMs = new Map<StepId, number>();
  const itemStartedMs = new Map<string, number>();
  const pages = new Pages((data, done) => host.write(data, done));
  const put = (event: BuildEvent): void => {
    if (event.type === 'step-started') startedMs.set(event.step, event.atMs);
    if (event.type === 'step-progress') {
      const key = `${event.step}\n${event.item}`;
      if (!itemStartedMs.has(key)) itemStartedMs.set(key, event.atMs);
    }
    if (event.type === 'step-output') writeLogs(pages, event);
    else pages.text(`${JSON.stringify(statusOf(event, startedMs, itemStartedMs))}\n`);
  };
  return {
    emit(event) {
      put(event);
      pages.flush();
    },
    emitAll(events) {
      events.forEach(put);
      pages.flush();
    },
    close() {},
  };
}

/** Output is written as it is encoded, a piece at a time, and never one text. */
function writeLogs(pages: Pages, {step, stream, data, atMs}: Output): void {
  pages.text(`{"logs":[{"vertex":"${vertexOf(step)}","stream":${stream === 'stdout' ? 1 : 2},"data":"`);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length; at += encodedBytes) {
    pages.latin1(bytes.toString('base64', at, Math.min(at + encodedBytes, bytes.length)));
  }
  pages.text(`","timestamp":"${timeText(atMs)}"}]}\n`);
}

function statusOf(
  event: Exclude<BuildEvent, Output>,
  startedMs: ReadonlyMap<StepId, number>,
  itemStartedMs: ReadonlyMap<string, number>,
): object {
  switch (event.type) {
    case 'step-started': {
      const {step, name, atMs, miss} = event;
      const started = {digest: vertexOf(step), name, started: timeText(atMs)};
      return {vertexes: [miss === undefined ? started : {...started, miss}]};
    }
    case 'step-finished': {
      const {step, name, atMs, outcome, usage, unchanged} = event;
      const started = timeText(startedMs.get(step) ?? atMs);
      const more = {
        ...(usage === undefined ? {} : {usage}),
        ...(unchanged === undefined ? {} : {unchanged}),
        ...(outcome === 'cached' ? {cached: true} : {}),
        ...(outcome === 'error' ? {error: event.error ?? 'failed'} : {}),
        ...(outcome === 'canceled' ? {error: 'context canceled'} : {}),
      };
      return {vertexes: [{digest: vertexOf(step), name, started, completed: timeText(atMs), ...more}]};
    }
    case 'step-progress': {
      const {step, item, current, total, atMs, done} = event;
      const started = timeText(itemStartedMs.get(`${step}\n${item}`) ?? atMs);
      const completed = done ? {completed: timeText(atMs)} : {};
      const status = {id: item, vertex: vertexOf(step), current, total, timestamp: timeText(atMs), started};
      return {statuses: [{...status, ...completed}]};
    }
    case 'step-note': {
      const {step, text, atMs} = event;
      const time = timeText(atMs);
      const status = {id: text, vertex: vertexOf(step), current: 0, total: 0, timestamp: time};
      return {statuses: [{...status, started: time, completed: time}]};
    }
    case 'warning':
      return {warnings: [vertexWarning(event.diagnostic)]};
    default:
      return unreachable(event);
  }
}

/** BuildKit's readers want a digest; ids of steps that are no vertices are hashed into one. */
function vertexOf(step: StepId): string {
  return isDigest(step) ? step : digestOf(step);
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
