// What a source policy makes of a source. As in BuildKit: of the rules that allow or deny the last one that matches
// counts; a rule that converts ends the round, and what came out begins a new one.

import type {PolicyConstraint, PolicyRule, PolicySelector, SourcePolicy} from './source-policy.ts';

export interface PolicySource {
  /** With its scheme, as in BuildKit's LLB. */
  readonly identifier: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export type Verdict =
  | {readonly type: 'allowed'; readonly source: PolicySource}
  | {readonly type: 'denied'; readonly identifier: string}
  /** The rules convert in circles. */
  | {readonly type: 'endless'; readonly identifier: string};

/** Nobody needs more conversions of one source. */
const roundsMax = 20;

export function evaluatePolicy({rules}: SourcePolicy, source: PolicySource): Verdict {
  let current = source;
  for (let round = 0; round <= roundsMax; round++) {
    const next = roundOf(rules, current);
    if (next === 'denied') return {type: 'denied', identifier: current.identifier};
    if (next === undefined) return {type: 'allowed', source: current};
    current = next;
  }
  return {type: 'endless', identifier: current.identifier};
}

/** What the source is converted to; undefined: it stays as it is. */
function roundOf(rules: readonly PolicyRule[], source: PolicySource): PolicySource | 'denied' | undefined {
  let denied = false;
  for (const {action, selector, updates} of rules) {
    if (!matches(selector, source)) continue;
    if (action !== 'CONVERT') {
      denied = action === 'DENY';
      continue;
    }
    const identifier = converted(selector, source.identifier, updates?.identifier);
    const attributes = {...source.attributes, ...updates?.attributes};
    const isChanged =
      identifier !== source.identifier ||
      Object.entries(attributes).some(([key, value]) => source.attributes[key] !== value);
    if (isChanged) return {identifier, attributes};
  }
  return denied ? 'denied' : undefined;
}

function matches(selector: PolicySelector, {identifier, attributes}: PolicySource): boolean {
  if (!selector.constraints.every((constraint) => holds(constraint, attributes[constraint.key] ?? '')))
    return false;
  return selector.identifier === identifier || patternOf(selector)?.test(identifier) === true;
}

function holds({condition, value}: PolicyConstraint, actual: string): boolean {
  switch (condition) {
    case 'EQUAL':
      return actual === value;
    case 'NOTEQUAL':
      return actual !== value;
    case 'MATCHES':
      return new RegExp(value).test(actual);
  }
}

/** `*` of a wildcard stands for any text, slashes too, and is a group that an update can name. */
function patternOf({matchType, identifier}: PolicySelector): RegExp | undefined {
  if (matchType === 'EXACT') return undefined;
  if (matchType === 'REGEX') return new RegExp(identifier);
  const parts = identifier.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('(.*?)')}$`, 's');
}

/** `$1` and `${1}` are what the groups of the selector matched. */
function converted(selector: PolicySelector, identifier: string, update: string | undefined): string {
  if (update === undefined) return identifier;
  const pattern = patternOf(selector);
  if (pattern === undefined || !pattern.test(identifier)) return update;
  return identifier.replace(pattern, (...match: readonly unknown[]) =>
    update.replace(/\$(?:\{(\d+)\}|(\d+))/g, (_, braced?: string, bare?: string) => {
      const group = match[Number(braced ?? bare)];
      return typeof group === 'string' ? group : '';
    }),
  );
}
