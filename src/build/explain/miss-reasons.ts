// Introduces the explainer of misses to what it asks: records, lists of files, the Dockerfile's ARGs. Loaded with the
// first miss.

import type {WhyMissed} from '../../cache/record-cache.ts';
import type {Dockerfile} from '../../dockerfile/ast.ts';
import type {HistoryStore} from '../../history/history-store.ts';
import type {Engine} from '../engine.ts';
import {once} from '../once.ts';
import type {BuildRequest} from '../request.ts';

export function missReasons(
  {state, fileLists}: Engine,
  dockerfile: Dockerfile,
  noCache: BuildRequest['noCache'],
): WhyMissed {
  const {get: explainer} = once(async () => {
    const {MissExplainer} = await import('../../cache/miss-explainer.ts');
    const {HistoryStore} = await import('../../history/history-store.ts');
    const declared = argumentsOf(dockerfile);
    let seen: ReadonlyMap<string, number> | undefined;
    return new MissExplainer({
      database: state.database,
      filesOf: (digest) => fileLists.get(digest),
      toldBy: typeof noCache === 'boolean' ? '--no-cache' : `--no-cache-filter ${noCache.join(',')}`,
      isArgument: (name) => declared.has(name),
      lastSeenMs: (key) => {
        seen ??= keysSeen(new HistoryStore(state.root));
        return seen.get(key);
      },
    });
  });
  return async (missed, caches) => (await explainer()).whyMissed(missed, caches);
}

/** Farther back it is of no interest that there was a record once. */
const buildsMax = 20;

function keysSeen(history: HistoryStore): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  for (const id of history.ids().slice(0, buildsMax)) {
    const record = history.read(id);
    for (const {key, outcome} of record?.steps ?? []) {
      const was = outcome === 'done' || outcome === 'cached';
      if (record !== undefined && key !== undefined && was && !seen.has(key)) seen.set(key, record.startedMs);
    }
  }
  return seen;
}

function argumentsOf({metaArgs, stages}: Dockerfile): ReadonlySet<string> {
  const instructions = [...metaArgs, ...stages.flatMap((stage) => stage.instructions)];
  return new Set(
    instructions.flatMap((each) => (each.keyword === 'ARG' ? each.args.map(({key}) => key) : [])),
  );
}
