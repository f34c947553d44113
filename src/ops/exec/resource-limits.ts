// Limits of memory, processors, devices and processes of a step: how the helper is told, and how a user is told that a
// step ended for one. They are in no key: a step that fits into less gives the same.

export interface ResourceLimits {
  /** In the helper's names and units (docs/formats/helper-protocol.md), each once but for devices'. */
  readonly limits: readonly {readonly name: string; readonly value: string}[];
  /** `--cgroup-parent`: path from the root of the hierarchies. */
  readonly cgroupParent?: string;
}

export function limitArguments({limits, cgroupParent}: ResourceLimits): string[] {
  return [
    ...(cgroupParent === undefined ? [] : [`cgroup=${cgroupParent}`]),
    ...limits.map(({name, value}) => `limit=${name}:${value}`),
  ];
}

/** A group is at its limit when what it asks for next does not fit. */
const slackBytes = 1024 * 1024;

/** What to say of a run in which processes were killed for going over its memory limit. */
export function memoryKillOf(
  result: ReadonlyMap<string, string>,
  {limits}: ResourceLimits,
): string | undefined {
  const kills = Number(result.get('oomkills') ?? 0);
  if (kills === 0) return undefined;
  const limit = limits.findLast(({name}) => name === 'memory')?.value;
  const bytes = result.get('memorypeak');
  const peak = bytes === undefined ? '' : ` (peak ${sizeText(Number(bytes))})`;
  const processes = kills === 1 ? 'a process was' : `${kills} processes were`;
  if (limit === undefined) return `out of memory: ${processes} killed by the kernel${peak}`;
  const isBelow = bytes !== undefined && Number(bytes) + slackBytes < Number(limit);
  return isBelow
    ? `out of memory: ${processes} killed below the limit of ${sizeText(Number(limit))}${peak}: the machine, or a control group above, had no more`
    : `out of memory: ${processes} killed at the limit of ${sizeText(Number(limit))}${peak}`;
}

function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}
