// Lints the text of a Dockerfile against the invented base images of the planning tests.

import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';
import {type LintRun, startLint} from '../../src/lint/lint-run.ts';
import type {Platform} from '../../src/oci/platform.ts';
import {readIgnoreFile} from '../../src/tree/ignore-file.ts';
import {PatternMatcher} from '../../src/tree/pattern-matcher.ts';
import {amd64, type PlanOptions, planOf} from '../plan/plan-of.ts';

export interface LintOptions extends PlanOptions {
  readonly ignore?: string;
}

export interface Linted {
  /** `LINE RULE: detail` each. */
  readonly warnings: readonly string[];
  /** What `error=true` makes of them, or why planning failed. */
  readonly error: string | undefined;
}

/** All stages, unless the options say otherwise; with `platforms` one plan for each after that of `targetPlatform`. */
export async function linted(
  text: string,
  {ignore = '', ...options}: LintOptions = {},
  platforms: readonly Platform[] = [],
): Promise<Linted> {
  const {partial, diagnostics} = parseWithReaders(sourceFile('Dockerfile', text));
  const patterns = readIgnoreFile(ignore);
  const build = {
    dockerfile: partial,
    buildArgs: {},
    targetPlatform: amd64,
    buildPlatform: amd64,
    ...options,
    parserWarnings: diagnostics.filter(({severity}) => severity === 'warning'),
    ...(patterns.length === 0 ? {} : {ignored: new PatternMatcher(patterns)}),
  };
  const run = startLint(build);
  let error = await planError(text, run, {...options, observer: run.observer});
  for (const targetPlatform of platforms) {
    const observer = run.observerOf({...build, targetPlatform});
    error ??= await planError(text, run, {...options, targetPlatform, observer});
  }
  const warnings = run
    .warnings()
    .map(({rule, diagnostic}) => `${diagnostic.span?.line} ${rule.name}: ${diagnostic.message}`);
  return {warnings, error};
}

async function planError(text: string, run: LintRun, options: PlanOptions): Promise<string | undefined> {
  try {
    await planOf(text, {allStages: true, images: anyImage, ...options});
    return run.failure()?.message;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every name is an image with a PATH. */
const anyImage = new Proxy<NonNullable<PlanOptions['images']>>(
  {},
  {get: () => ({Env: ['PATH=/usr/bin:/bin']})},
);
