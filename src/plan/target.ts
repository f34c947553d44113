// Which stage is built: the one `--target` names, in any case, or the last. A number is no target (as in BuildKit, and
// unlike the engines before it).

import {buildError} from '../diagnostics/build-error.ts';
import {suggest} from '../util/suggest.ts';
import type {StageGraph, StageNode} from './stage-graph.ts';

export function targetOf(graph: StageGraph, name: string | undefined): StageNode {
  if (name === undefined || name === '') {
    const last = graph.nodes.at(-1);
    if (last !== undefined) return last;
    throw buildError('user', 'plan-no-stages', 'dockerfile contains no stages to build');
  }
  const node = graph.find(name);
  if (node !== undefined) return node;
  const near = suggest(name, graph.names());
  const hints = near === undefined ? {} : {hints: [`did you mean ${near}?`]};
  throw buildError(
    'user',
    'plan-unknown-target',
    `target stage ${JSON.stringify(name)} could not be found`,
    hints,
  );
}
