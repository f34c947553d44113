// What is begun first when there are more steps than slots: a step on the longest way to a target.

import type {SolverGraph} from './op-runner.ts';

/** Length of the longest path from each vertex to a target: what delays the end most starts first. */
export function prioritiesOf<V extends SolverGraph<V>>(targets: readonly V[]): Map<string, number> {
  const priorities = new Map<string, number>();
  // Parents before children: a vertex is final once all its consumers are. Kahn's order over consumers.
  const consumers = new Map<string, number>();
  const seen = new Map<string, V>();
  const stack = [...targets];
  while (stack.length > 0) {
    const vertex = stack.pop() as V;
    if (seen.has(vertex.id)) continue;
    seen.set(vertex.id, vertex);
    for (const input of vertex.inputs) {
      consumers.set(input.id, (consumers.get(input.id) ?? 0) + 1);
      stack.push(input);
    }
  }
  const ready = [...new Map(targets.map((target) => [target.id, target])).values()].filter(
    (target) => !consumers.has(target.id),
  );
  while (ready.length > 0) {
    const vertex = ready.pop() as V;
    const below = (priorities.get(vertex.id) ?? 0) + 1;
    for (const input of vertex.inputs) {
      priorities.set(input.id, Math.max(priorities.get(input.id) ?? 0, below));
      const left = (consumers.get(input.id) ?? 1) - 1;
      consumers.set(input.id, left);
      if (left === 0) ready.push(input);
    }
  }
  return priorities;
}
