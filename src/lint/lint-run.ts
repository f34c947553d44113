// One lint of one build: hands what planning tells to the rules that listen, and keeps what they report unless `#
// check=` says otherwise. Planning may fail half way; the warnings until then stand.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import {byteOrder} from '../util/byte-order.ts';
import {
  type CheckOptions,
  checkArgument,
  noOptions,
  optionsInComments,
  parseCheckOptions,
} from './check-options.ts';
import type {LintedBuild, LintPlace, LintRule, RuleHooks} from './rule.ts';
import {rules} from './rules/index.ts';

export interface LintWarning {
  readonly rule: LintRule;
  readonly diagnostic: Diagnostic;
}

export type LintObserver = Required<Omit<RuleHooks, 'onFile'>>;

export interface LintRun {
  /** To be given to planning. */
  readonly observer: LintObserver;
  /** The same for another plan of the same file: what both plans show is told once. */
  observerOf(build: LintedBuild): LintObserver;
  /** In the order of the file. */
  warnings(): readonly LintWarning[];
  /** Why the build must not go on, when `error=true` and there is a warning. */
  failure(): BuildError | undefined;
}

/** Looks at the file at once, at the rest as it is planned. Throws BuildError when `check=` cannot be read. */
export function startLint(build: LintedBuild): LintRun {
  const options = optionsOf(build);
  const found: Finding[] = [];
  const observerOf = (linted: LintedBuild): LintObserver => {
    const hooks = rules.map((rule) =>
      rule.start({
        build: linted,
        report(place, detail) {
          const local = place.comments === undefined ? noOptions : optionsInComments(place.comments);
          if (!isHeard(rule, options) && !isHeard(rule, {...options, experimental: local.experimental}))
            return;
          if (isSkipped(rule, local)) return;
          const fails = (options.error || local.error) && !isOwn(rule);
          const finding = {rule, diagnostic: warningOf(rule, place, detail, linted), fails, build: linted};
          if (!found.some((other) => isKnownFrom(other, finding))) found.push(finding);
        },
      }),
    );
    for (const hook of hooks) hook.onFile?.(linted.dockerfile);
    return fanOut(hooks);
  };
  return {
    observer: observerOf(build),
    observerOf,
    warnings: () => found.toSorted(byPlace),
    failure: () => failureOf(found.filter(({fails}) => fails)),
  };
}

interface Finding extends LintWarning {
  readonly fails: boolean;
  readonly build: LintedBuild;
}

/** The plan of another platform has shown it, too. Within one plan what is told twice is there twice. */
function isKnownFrom(other: Finding, finding: Finding): boolean {
  return (
    other.build !== finding.build &&
    other.rule === finding.rule &&
    other.diagnostic.message === finding.diagnostic.message &&
    other.diagnostic.span?.line === finding.diagnostic.span?.line
  );
}

/** A rule of ours fails no build: a file that docker builds must build here. */
function isOwn(rule: LintRule): boolean {
  return rule.name.startsWith('tsbuild/');
}

function isHeard(rule: LintRule, options: CheckOptions): boolean {
  if (rule.isOptIn === true) return names(options.experimental, rule);
  return !names(options.skip, rule);
}

/** `skip` says nothing about rules that were asked for by name. */
function isSkipped(rule: LintRule, {skip}: CheckOptions): boolean {
  return rule.isOptIn === undefined && names(skip, rule);
}

function names(list: ReadonlySet<string>, rule: LintRule): boolean {
  return list.has('all') || list.has(rule.name);
}

function optionsOf({dockerfile, buildArgs}: LintedBuild): CheckOptions {
  const given = Object.hasOwn(buildArgs, checkArgument) ? buildArgs[checkArgument] : undefined;
  const text = given ?? dockerfile.directives.check?.split(/[\t ]/, 1)[0] ?? '';
  const options = parseCheckOptions(text);
  if (!('problem' in options)) return options;
  const place = given === undefined ? {file: dockerfile.file} : {};
  const message = `failed to parse check options: ${options.problem}`;
  const hints = ['the options are skip=RULE,…;error=true;experimental=RULE,…'];
  throw new BuildError('user', [{severity: 'error', code: 'lint-options', message, ...place, hints}]);
}

function warningOf(rule: LintRule, {span}: LintPlace, detail: string, {dockerfile}: LintedBuild): Diagnostic {
  return {
    severity: 'warning',
    code: rule.name,
    message: detail,
    file: dockerfile.file,
    span,
    ...(rule.url === undefined ? {} : {url: rule.url}),
  };
}

function failureOf(found: readonly LintWarning[]): BuildError | undefined {
  if (found.length === 0) return undefined;
  const broken = [...new Set(found.map(({rule}) => rule.name))].sort(byteOrder);
  const message = `lint violation found for rules: ${broken.join(', ')}`;
  const hints = ['check=error=true makes warnings fail the build'];
  return new BuildError('user', [{severity: 'error', code: 'lint-violation', message, hints}]);
}

function fanOut(hooks: readonly RuleHooks[]): LintObserver {
  const all = (tell: (hook: RuleHooks) => void): void => {
    for (const hook of hooks) tell(hook);
  };
  return {
    onStage: (index, stage) => all((hook) => hook.onStage?.(index, stage)),
    onFrom: (from) => all((hook) => hook.onFrom?.(from)),
    onBaseImage: (base) => all((hook) => hook.onBaseImage?.(base)),
    onInstruction: (seen) => all((hook) => hook.onInstruction?.(seen)),
    afterInstruction: (seen) => all((hook) => hook.afterInstruction?.(seen)),
    onUnset: (unset, seen) => all((hook) => hook.onUnset?.(unset, seen)),
  };
}

function byPlace(a: LintWarning, b: LintWarning): number {
  return (a.diagnostic.span?.line ?? 0) - (b.diagnostic.span?.line ?? 0);
}
