// --quiet: silence, until something fails; then the log of the failed step.

import type {BuildEvent, ProgressSink, StepId} from '../../events.ts';
import {LogTail} from '../../log-tail.ts';
import type {SinkHost} from '../sink.ts';

export function createQuietSink(host: SinkHost): ProgressSink {
  const running = new Map<StepId, {readonly startedMs: number; readonly tail: LogTail}>();
  const emit = (event: BuildEvent): void => {
    switch (event.type) {
      case 'step-started':
        running.set(event.step, {startedMs: event.atMs, tail: new LogTail()});
        return;
      case 'step-output': {
        const step = running.get(event.step) ?? {startedMs: event.atMs, tail: new LogTail()};
        running.set(event.step, step);
        step.tail.push(event.stream, event.data, event.atMs - step.startedMs);
        return;
      }
      case 'step-finished': {
        const step = running.get(event.step);
        running.delete(event.step);
        if (event.outcome !== 'error' || step === undefined) return;
        step.tail.finish(event.atMs - step.startedMs);
        if (!step.tail.isEmpty) host.write(step.tail.block(event.name));
        return;
      }
      case 'step-progress':
      case 'step-note':
      case 'warning':
        return;
    }
  };
  return {emit, close: () => {}};
}
