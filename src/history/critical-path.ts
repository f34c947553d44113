// The steps that a build waited for: of all ways through its graph the one that took longest. Had any other step been
// quicker, the build would not have been.

export interface TimedStep {
  /** Places in the list. */
  readonly inputs: readonly number[];
  readonly durationMs: number;
}

export interface CriticalPath {
  /** Places in the list, first to last. */
  readonly steps: readonly number[];
  readonly durationMs: number;
}

export function criticalPathOf(steps: readonly TimedStep[]): CriticalPath {
  const best = new Map<number, CriticalPath>();
  const pathTo = (index: number): CriticalPath => {
    const known = best.get(index);
    if (known !== undefined) return known;
    const step = steps[index];
    if (step === undefined) return nothing;
    // A list that lies about itself has no way through it, and must not be followed forever.
    best.set(index, nothing);
    const before = longest(step.inputs.map(pathTo));
    const path = {
      steps: [...before.steps, index],
      durationMs: before.durationMs + step.durationMs,
    };
    best.set(index, path);
    return path;
  };
  const {steps: path, durationMs} = longest(steps.map((_, index) => pathTo(index)));
  return {steps: path.filter((index) => (steps[index]?.durationMs ?? 0) > 0), durationMs};
}

const nothing: CriticalPath = {steps: [], durationMs: 0};

function longest(paths: readonly CriticalPath[]): CriticalPath {
  return paths.reduce((best, path) => (path.durationMs > best.durationMs ? path : best), paths[0] ?? nothing);
}
