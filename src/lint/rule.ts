// What a lint rule is: a name and the hooks it listens on. Rules see the file as written and the plan as it is made,
// tell what they mind, and never decide whether that is shown: `# check=` does (lint-run.ts). A rule that needs
// memory keeps it in what `start` closes over, so that each build begins anew.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {Span} from '../diagnostics/span.ts';
import type {Dockerfile} from '../dockerfile/ast.ts';
import type {PlanRequest} from '../plan/plan.ts';
import type {PlanObserver} from '../plan/plan-observer.ts';

export interface LintRule {
  /** BuildKit's name; ours are `tsbuild/Name`, so that skipping them means nothing to docker. */
  readonly name: string;
  /** One line: what the rule wants. */
  readonly description: string;
  /** Page that says more. */
  readonly url?: string;
  /** Off unless `# check=experimental=` names it, or says `all`. */
  readonly isOptIn?: true;
  start(subject: LintSubject): RuleHooks;
}

export interface RuleHooks extends PlanObserver {
  /** The file as it is written. */
  onFile?(dockerfile: Dockerfile): void;
}

/** What is linted, and where to say so. */
export interface LintSubject {
  readonly build: LintedBuild;
  report(place: LintPlace, detail: string): void;
}

/** The part of a build that rules depend on. */
export interface LintedBuild
  extends Pick<PlanRequest, 'dockerfile' | 'target' | 'buildArgs' | 'targetPlatform' | 'buildPlatform'> {
  /** What the parser minded. */
  readonly parserWarnings: readonly Diagnostic[];
  /** Of the build context; undefined when nothing is ignored. */
  readonly ignored?: IgnoredPaths | undefined;
}

/** The matcher of src/tree, as far as rules look at it. */
export interface IgnoredPaths {
  readonly patterns: readonly {readonly text: string; readonly exclusion: boolean}[];
  readonly hasExclusions: boolean;
  matchesOrParentMatches(path: string): boolean;
}

export interface LintPlace {
  readonly span: Span;
  /** Comments above, where `# check=` may stand; none for what came with a base image. */
  readonly comments?: readonly string[];
}
