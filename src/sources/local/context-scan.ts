// Walks of a local context: each part of the directory is scanned once per build, by one request at a time, and only where
// the ignore rules can keep something. What a user can have done wrong with the directory is said here.

import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import {type Helper, HelperError, viewArguments} from '../../helper/helper.ts';
import {prunableOf, reachableRoots} from '../../tree/ignore-reach.ts';
import {PatternError} from '../../tree/pattern-matcher.ts';
import {ScanDecoder} from '../../tree/record.ts';
import {scanArgumentsOf} from '../../tree/scan-arguments.ts';
import {type Scan, Tree} from '../../tree/tree.ts';
import type {Clock} from '../../util/clock.ts';
import type {IgnoreRules} from './ignore-rules.ts';

export interface ContextScanOptions {
  readonly directory: string;
  readonly rules: IgnoreRules;
  readonly clock: Clock;
  helper(): Promise<Helper>;
}

const accessDenied = 13;
const operationNotPermitted = 1;
const noEntry = 2;
const notDirectory = 20;
// Each unreadable directory that is ignored anyway costs one more try.
const unreadableMax = 100;

export class ContextScan {
  readonly #options: ContextScanOptions;
  readonly #scans: Scan[] = [];
  /** Ignored directories that are known not to be readable. */
  readonly #unreadable: string[] = [];
  #tree: Tree;
  #running: Promise<unknown> = Promise.resolve();
  #startMs = Number.POSITIVE_INFINITY;

  constructor(options: ContextScanOptions) {
    this.#options = options;
    this.#tree = new Tree([], options.rules.matcher);
  }

  /** When the first walk began: files changed since are not what the records say. */
  get startMs(): number {
    return this.#startMs;
  }

  /** The path was looked for and is not there, or ignored. */
  isGone(path: string): boolean {
    return this.#tree.coversBelow(path) && this.#tree.at(path) === undefined;
  }

  /** The tree with at least these walk roots. Callers take turns, so that none scans what another is scanning. */
  async treeOf(roots: readonly string[], signal: AbortSignal | undefined): Promise<Tree> {
    const turn = this.#running.then(
      () => this.#extend(roots, signal),
      () => this.#extend(roots, signal),
    );
    this.#running = turn.catch(() => undefined);
    await turn;
    return this.#tree;
  }

  async #extend(roots: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const asked = roots.filter((root) => !this.#tree.coversBelow(root));
    if (asked.length === 0) return;
    signal?.throwIfAborted();
    const {matcher} = this.#options.rules;
    const walked = matcher === undefined ? asked : reachableRoots(matcher, asked);
    const pruned = matcher === undefined ? [] : prunableOf(matcher);
    this.#startMs = Math.min(this.#startMs, this.#options.clock.nowMs());
    const records = walked.length === 0 ? [] : await this.#walk(walked, pruned, signal);
    this.#scans.push({asked, walked, pruned: [...pruned, ...this.#unreadable], records});
    try {
      this.#tree = new Tree(this.#scans, matcher);
    } catch (error) {
      throw error instanceof PatternError ? this.#options.rules.explain(error) : error;
    }
  }

  async #walk(
    roots: readonly string[],
    pruned: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Scan['records']> {
    const {directory} = this.#options;
    const helper = await this.#options.helper();
    for (let attempt = 0; ; attempt++) {
      const prune = [...pruned, ...this.#unreadable];
      const decoder = new ScanDecoder();
      try {
        await helper.request(
          'scan',
          [...viewArguments({dir: directory}), ...scanArgumentsOf(roots, {prune})],
          {
            ...(signal === undefined ? {} : {signal}),
            onData: (bytes) => decoder.push(bytes),
          },
        );
        return decoder.finish();
      } catch (error) {
        if (!(error instanceof HelperError)) throw error;
        if (attempt >= unreadableMax || !this.#isIgnoredDirectory(error)) throw scanFailed(directory, error);
        this.#unreadable.push(error.path);
      }
    }
  }

  #isIgnoredDirectory({errno, path, phase}: HelperError): boolean {
    const {matcher} = this.#options.rules;
    if (matcher === undefined || phase === 'view' || errno !== accessDenied || path === '.') return false;
    return matcher.excludesInWalk(path) && !matcher.mayTakeBackBelow(path);
  }
}

function scanFailed(directory: string, error: HelperError): BuildError {
  const {errno, path, phase} = error;
  if (phase === 'view' && errno === noEntry) {
    return buildError('user', 'context-missing', `build context ${directory} does not exist`, {cause: error});
  }
  if (phase === 'view' && errno === notDirectory) {
    return buildError('user', 'context-not-directory', `build context ${directory} is not a directory`, {
      hints: [
        'the last argument of the command is the directory to build from, the Dockerfile is named with -f',
      ],
      cause: error,
    });
  }
  const denied = errno === accessDenied || errno === operationNotPermitted;
  const place = phase === 'view' || path === '.' ? directory : path;
  const reason = denied ? 'permission denied' : error.message;
  return buildError('user', 'context-unreadable', `cannot read ${place} of the build context: ${reason}`, {
    hints: denied ? ['exclude it with a .dockerignore file, or change its mode'] : [],
    cause: error,
  });
}
