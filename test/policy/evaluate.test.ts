import {describe, expect, it} from 'vitest';
import {evaluatePolicy, type Verdict} from '../../src/policy/evaluate.ts';
import {parseSourcePolicy} from '../../src/policy/source-policy.ts';

function verdict(
  rules: readonly object[],
  identifier: string,
  attributes: Record<string, string> = {},
): Verdict {
  const policy = parseSourcePolicy(JSON.stringify({rules}));
  if ('problem' in policy) throw new Error(policy.problem);
  return evaluatePolicy(policy, {identifier, attributes});
}

const rule = (action: string, identifier: string, more: object = {}): object => ({
  action,
  selector: {identifier, ...more},
});
const convert = (identifier: string, to: string, more: object = {}): object => ({
  ...rule('CONVERT', identifier, more),
  updates: {identifier: to},
});
const allowed = (identifier: string, attributes: Record<string, string> = {}): Verdict => ({
  type: 'allowed',
  source: {identifier, attributes},
});

const image = 'docker-image://registry.example/team/app:1';

describe('rules that allow and deny', () => {
  it('what no rule is about passes', () => {
    expect(verdict([rule('DENY', 'https://*')], image)).toEqual(allowed(image));
  });

  it('a wildcard stands for any text, slashes too', () => {
    expect(verdict([rule('DENY', 'docker-image://registry.example/*')], image).type).toBe('denied');
    expect(verdict([rule('DENY', 'docker-image://registry.examp')], image).type).toBe('allowed');
  });

  it('a dot in a wildcard is a dot', () => {
    expect(verdict([rule('DENY', 'https://a.b/*')], 'https://aXb/c').type).toBe('allowed');
  });

  it('the last one that matches counts', () => {
    const all = rule('DENY', 'docker-image://*');
    const one = rule('ALLOW', image, {match_type: 'EXACT'});
    expect(verdict([all, one], image).type).toBe('allowed');
    expect(verdict([one, all], image).type).toBe('denied');
  });

  it('EXACT takes no pattern, REGEX any', () => {
    expect(verdict([rule('DENY', 'docker-image://*', {match_type: 'EXACT'})], image).type).toBe('allowed');
    expect(verdict([rule('DENY', '/app:[0-9]$', {match_type: 'REGEX'})], image).type).toBe('denied');
  });

  it('constraints are about attributes, and all have to hold', () => {
    const constrained = (condition: string, value: string): object =>
      rule('DENY', 'https://*', {constraints: [{key: 'http.checksum', value, condition}]});
    const url = 'https://example.com/a';
    expect(verdict([constrained('EQUAL', '')], url).type).toBe('denied');
    expect(verdict([constrained('EQUAL', '')], url, {'http.checksum': 'x'}).type).toBe('allowed');
    expect(verdict([constrained('NOTEQUAL', 'x')], url, {'http.checksum': 'x'}).type).toBe('allowed');
    expect(verdict([constrained('MATCHES', '^sha')], url, {'http.checksum': 'sha256:1'}).type).toBe('denied');
  });
});

describe('rules that convert', () => {
  it('name what a wildcard stood for', () => {
    const rules = [convert('docker-image://docker.io/*:*', 'docker-image://mirror.example/${1}:$2')];
    expect(verdict(rules, 'docker-image://docker.io/library/a:3')).toEqual(
      allowed('docker-image://mirror.example/library/a:3'),
    );
  });

  it('replace what a regular expression matched', () => {
    const rules = [convert('app:([0-9])$', 'app:$1.0@pinned', {match_type: 'REGEX'})];
    expect(verdict(rules, image)).toEqual(allowed('docker-image://registry.example/team/app:1.0@pinned'));
  });

  it('set attributes, and leave the identifier without one', () => {
    const rules = [{...rule('CONVERT', 'https://*'), updates: {attrs: {'http.checksum': 'sha256:1'}}}];
    expect(verdict(rules, 'https://a')).toEqual(allowed('https://a', {'http.checksum': 'sha256:1'}));
  });

  it('have their results judged again', () => {
    const rules = [convert('https://old/*', 'https://new/$1'), rule('DENY', 'https://new/*')];
    expect(verdict(rules, 'https://old/x')).toEqual({type: 'denied', identifier: 'https://new/x'});
  });

  it('in circles are found out', () => {
    const rules = [convert('https://a', 'https://b'), convert('https://b', 'https://a')];
    expect(verdict(rules, 'https://a').type).toBe('endless');
  });
});

describe('a policy', () => {
  it('may say its words in lower case, and as numbers', () => {
    const rules = [{action: 1, selector: {identifier: 'https://a', match_type: 'exact'}}];
    expect(verdict(rules, 'https://a').type).toBe('denied');
  });

  it.each([
    ['{', 'it is no JSON'],
    ['[]', 'the policy is no object'],
    ['{"version":7}', 'version 7 is not known'],
    ['{"rule":[]}', 'the policy has a member "rule", which is not known'],
    [
      '{"rules":[{"action":"REFUSE","selector":{"identifier":"a"}}]}',
      'rule 1: action expects ALLOW, DENY, CONVERT, got "REFUSE"',
    ],
    ['{"rules":[{"action":"DENY"}]}', 'rule 1: selector is no object'],
    ['{"rules":[{"action":"CONVERT","selector":{"identifier":"a"}}]}', 'rule 1: CONVERT needs updates'],
    [
      '{"rules":[{"selector":{"identifier":"(","match_type":"REGEX"}}]}',
      'rule 1: selector.identifier is no regular expression: (',
    ],
  ])('%s is refused', (text, problem) => {
    expect(parseSourcePolicy(text)).toEqual({problem});
  });
});
