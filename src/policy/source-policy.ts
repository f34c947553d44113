// BuildKit's source policy as data, read from its JSON: rules that allow, deny or convert what a build takes from
// outside. Which rules a file may hold is BuildKit's; what we do not know is refused, for a policy that is only half
// understood protects nobody.

export interface SourcePolicy {
  readonly rules: readonly PolicyRule[];
}

export interface PolicyRule {
  readonly action: 'ALLOW' | 'DENY' | 'CONVERT';
  /** Matches the identifier of a source, `docker-image://docker.io/library/alpine:3`. */
  readonly selector: PolicySelector;
  /** Of CONVERT. */
  readonly updates: PolicyUpdates | undefined;
}

export interface PolicySelector {
  readonly identifier: string;
  readonly matchType: MatchType;
  readonly constraints: readonly PolicyConstraint[];
}

export interface PolicyConstraint {
  readonly key: string;
  readonly value: string;
  readonly condition: 'EQUAL' | 'NOTEQUAL' | 'MATCHES';
}

export interface PolicyUpdates {
  readonly identifier: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

export type MatchType = 'WILDCARD' | 'EXACT' | 'REGEX';

/** In the order of their numbers in BuildKit's protocol; the first is what a missing member means. */
const actions = ['ALLOW', 'DENY', 'CONVERT'] as const;
const matchTypes = ['WILDCARD', 'EXACT', 'REGEX'] as const;
const conditions = ['EQUAL', 'NOTEQUAL', 'MATCHES'] as const;

type Members = Readonly<Record<string, unknown>>;

class PolicyProblem extends Error {}

/** The policy, or what is wrong with the text. */
export function parseSourcePolicy(text: string): SourcePolicy | {readonly problem: string} {
  try {
    const document = members(JSON.parse(text), 'the policy');
    onlyMembers(document, ['rules', 'version'], 'the policy');
    const {version = 1, rules = []} = document;
    if (version !== 1 && version !== 0) throw new PolicyProblem(`version ${String(version)} is not known`);
    return {rules: list(rules, 'rules').map((rule, index) => ruleOf(rule, `rule ${index + 1}`))};
  } catch (error) {
    if (error instanceof PolicyProblem) return {problem: error.message};
    if (error instanceof SyntaxError) return {problem: 'it is no JSON'};
    throw error;
  }
}

function ruleOf(value: unknown, where: string): PolicyRule {
  const rule = members(value, where);
  onlyMembers(rule, ['action', 'selector', 'updates'], where);
  const action = oneOf(rule['action'], actions, `${where}: action`);
  const selector = selectorOf(rule['selector'], where);
  const updates = rule['updates'] === undefined ? undefined : updatesOf(rule['updates'], where);
  if (action === 'CONVERT' && updates === undefined)
    throw new PolicyProblem(`${where}: CONVERT needs updates`);
  return {action, selector, updates};
}

function selectorOf(value: unknown, where: string): PolicySelector {
  const selector = members(value, `${where}: selector`);
  onlyMembers(selector, ['identifier', 'match_type', 'matchType', 'constraints'], `${where}: selector`);
  const matchType = oneOf(
    selector['match_type'] ?? selector['matchType'],
    matchTypes,
    `${where}: match_type`,
  );
  const identifier = string(selector['identifier'], `${where}: selector.identifier`);
  if (matchType === 'REGEX') checkPattern(identifier, `${where}: selector.identifier`);
  const constraints = list(selector['constraints'] ?? [], `${where}: constraints`).map((each) => {
    const constraint = members(each, `${where}: constraint`);
    const condition = oneOf(constraint['condition'], conditions, `${where}: condition`);
    const text = string(constraint['value'] ?? '', `${where}: constraint value`);
    if (condition === 'MATCHES') checkPattern(text, `${where}: constraint value`);
    return {key: string(constraint['key'], `${where}: constraint key`), value: text, condition};
  });
  return {identifier, matchType, constraints};
}

function updatesOf(value: unknown, where: string): PolicyUpdates {
  const updates = members(value, `${where}: updates`);
  onlyMembers(updates, ['identifier', 'attrs'], `${where}: updates`);
  const attrs = members(updates['attrs'] ?? {}, `${where}: updates.attrs`);
  const attributes = Object.entries(attrs).map(([key, attr]): [string, string] => [
    key,
    string(attr, `${where}: updates.attrs.${key}`),
  ]);
  const identifier = string(updates['identifier'] ?? '', `${where}: updates.identifier`);
  return {
    identifier: identifier === '' ? undefined : identifier,
    attributes: Object.fromEntries(attributes),
  };
}

function members(value: unknown, where: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new PolicyProblem(`${where} is no object`);
}

function onlyMembers(value: Members, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new PolicyProblem(`${where} has a member "${unknown}", which is not known`);
}

function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new PolicyProblem(`${where} is no list`);
}

function string(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new PolicyProblem(`${where} is no text`);
}

/** By name in any case, or by number. */
function oneOf<T extends string>(value: unknown, known: readonly T[], where: string): T {
  const found =
    typeof value === 'string'
      ? known.find((name) => name === value.toUpperCase())
      : known[value === undefined ? 0 : Number(value)];
  if (found !== undefined) return found;
  throw new PolicyProblem(`${where} expects ${known.join(', ')}, got ${JSON.stringify(value)}`);
}

function checkPattern(pattern: string, where: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw new PolicyProblem(`${where} is no regular expression: ${pattern}`);
  }
}
