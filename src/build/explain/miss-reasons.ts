// Introduces the explainer of misses to what it asks: records, lists of files, the Dockerfile's ARGs. Loaded with the
// first miss.

import type {Dockerfile} from '../../dockerfile/ast.ts';
import type {ResultCache} from '../../solver/result-cache.ts';
import type {BuildValue} from '../../sources/value.ts';
import type {Engine} from '../engine.ts';
import {once} from '../once.ts';

type WhyMissed = NonNullable<ResultCache<BuildValue>['whyMissed']>;

export function missReasons({state, fileLists}: Engine, dockerfile: Dockerfile): WhyMissed {
  const {get: explainer} = once(async () => {
    const {MissExplainer} = await import('../../cache/miss-explainer.ts');
    const declared = argumentsOf(dockerfile);
    return new MissExplainer({
      database: state.database,
      filesOf: (digest) => fileLists.get(digest),
      isArgument: (name) => declared.has(name),
      lastSeenMs: () => undefined,
    });
  });
  return async (missed) => (await explainer()).whyMissed(missed);
}

function argumentsOf({metaArgs, stages}: Dockerfile): ReadonlySet<string> {
  const instructions = [...metaArgs, ...stages.flatMap((stage) => stage.instructions)];
  return new Set(
    instructions.flatMap((each) => (each.keyword === 'ARG' ? each.args.map(({key}) => key) : [])),
  );
}
