// What a cache is told of a step: what its key was made of, for the record; and what was looked for, when it missed.

import {formatVersion, type KnownInput} from './keys.ts';
import type {CacheMap, SolverVertex} from './op-runner.ts';
import type {AskedStep, KeyIngredients, MissedStep} from './result-cache.ts';

export function ingredientsOf<R>(
  {inputs}: SolverVertex,
  {opKey}: CacheMap<R>,
  parts: readonly string[],
): KeyIngredients {
  return {format: formatVersion, op: opKey, inputs: parts, from: inputs.map(({origin}) => origin.name)};
}

/** `inputs` are those of the vertex, as far as they are known. */
export function askedStep<R>(
  vertex: SolverVertex,
  map: CacheMap<R>,
  parts: readonly string[],
  inputs: readonly KnownInput<R>[],
): AskedStep<R> {
  return {
    id: vertex.id,
    name: vertex.origin.name,
    ingredients: ingredientsOf(vertex, map, parts),
    inputs: inputs.map(({value}) => value),
  };
}

export function missedStep<R>(
  vertex: SolverVertex,
  map: CacheMap<R>,
  known: {readonly all: readonly string[]; readonly parts: readonly string[]},
  hasRun: (id: string) => boolean,
): MissedStep {
  const {name, span, ignoreCache = false} = vertex.origin;
  return {
    name,
    ...(span === undefined ? {} : {line: span.line}),
    isTold: ignoreCache,
    keys: known.all,
    ingredients: ingredientsOf(vertex, map, known.parts),
    inputs: vertex.inputs.map(({id, origin}, index) => ({
      name: origin.name,
      ...(origin.span === undefined ? {} : {line: origin.span.line}),
      byContent: map.inputs[index]?.by === 'content',
      hasRun: hasRun(id),
    })),
  };
}
