// What a run used, as the helper's result tells it (docs/formats/helper-protocol.md, `run`).

import type {StepUsage} from '../../progress/events.ts';

export function usageOf(result: ReadonlyMap<string, string>): StepUsage {
  const number = (key: string): number => Number(result.get(key) ?? 0);
  const peak = result.get('memorypeak');
  return {
    wallMs: Math.round(number('wall') * 1000),
    cpuMs: Math.round((number('utime') + number('stime')) * 1000),
    memoryBytes: peak === undefined ? number('maxrss') * 1024 : Number(peak),
    readBytes: number('read'),
    writtenBytes: number('written'),
  };
}
