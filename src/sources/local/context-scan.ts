// Walks of a local context: each part of the directory is scanned once per build, by one request at a time, and
// only where the ignore rules can keep something. What a walk said is kept as bytes: as long as nobody asks for a
// file there is only their fingerprint. What a user can have done wrong with the directory is said here.

import {createHash} from 'node:crypto';
import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import {type Helper, HelperError, viewArguments} from '../../helper/helper.ts';
import {prunableNamesOf, prunableOf, reachableRoots} from '../../tree/ignore-reach.ts';
import {PatternError} from '../../tree/pattern-matcher.ts';
import {ScanDecoder} from '../../tree/record.ts';
import {scanArgumentsOf} from '../../tree/scan-arguments.ts';
import {isWithin, type Scan, Tree} from '../../tree/tree.ts';
import type {Clock} from '../../util/clock.ts';
import type {IgnoreRules} from './ignore-rules.ts';

export interface ContextScanOptions {
  readonly directory: string;
  readonly rules: IgnoreRules;
  readonly clock: Clock;
  readonly onWalk?: OnWalk | undefined;
  helper(): Promise<Helper>;
}

/** Told of each walk that was made: what it was asked, and what it said. */
export type OnWalk = (walk: {
  readonly directory: string;
  readonly args: readonly string[];
  readonly bytes: readonly Buffer[];
  readonly startMs: number;
}) => void;

interface RawScan extends Omit<Scan, 'records'> {
  /** None once they are decoded. */
  bytes: readonly Buffer[];
  /** Of the request and all it said. */
  readonly fingerprint: string;
}

interface WalkPlan {
  readonly walked: readonly string[];
  readonly pruned: readonly string[];
}

const accessDenied = 13;
const operationNotPermitted = 1;
const noEntry = 2;
const notDirectory = 20;
// Each unreadable directory that is ignored anyway costs one more try.
const unreadableMax = 100;

export class ContextScan {
  readonly #options: ContextScanOptions;
  readonly #scans: RawScan[] = [];
  readonly #decoded: Scan[] = [];
  /** Ignored directories that are known not to be readable. */
  readonly #unreadable: string[] = [];
  #tree: Tree | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #startMs = Number.POSITIVE_INFINITY;

  constructor(options: ContextScanOptions) {
    this.#options = options;
  }

  /** When the first walk began: files changed since are not what the records say. */
  get startMs(): number {
    return this.#startMs;
  }

  /** What was found so far. Throws BuildError('user') when an ignore rule cannot be evaluated. */
  get tree(): Tree {
    if (this.#tree !== undefined) return this.#tree;
    for (const scan of this.#scans.slice(this.#decoded.length)) {
      const decoder = new ScanDecoder();
      for (const chunk of scan.bytes) decoder.push(chunk);
      scan.bytes = [];
      this.#decoded.push({...scan, records: decoder.finish()});
    }
    const {matcher, explain} = this.#options.rules;
    try {
      this.#tree = new Tree(this.#decoded, matcher);
    } catch (error) {
      throw error instanceof PatternError ? explain(error) : error;
    }
    return this.#tree;
  }

  /** The tree with at least these walk roots. */
  async treeOf(roots: readonly string[], signal: AbortSignal | undefined): Promise<Tree> {
    await this.extend(roots, signal);
    return this.tree;
  }

  /** Equal ones mean: nothing changed at or below these walk roots, nor above them as far as it matters. */
  async fingerprintOf(roots: readonly string[], signal: AbortSignal | undefined): Promise<string> {
    await this.extend(roots, signal);
    const used = roots.map(
      (root) => this.#scans.find(({asked}) => isWithinAny(root, asked))?.fingerprint ?? '',
    );
    return used.join(' ');
  }

  /** Walks exactly these roots, and tells whether an earlier scan that did so was told the very same. */
  async repeats(
    earlier: ContextScan,
    roots: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const then = earlier.#scanOf(roots);
    if (then === undefined) return false;
    // What it says again is not kept.
    return (await this.#walk(this.#plan(roots), signal)).fingerprint === then.fingerprint;
  }

  #scanOf(roots: readonly string[]): RawScan | undefined {
    return this.#scans.find(
      ({asked}) => asked.length === roots.length && asked.every((root, index) => root === roots[index]),
    );
  }

  /** Scans what was not yet. Callers take turns, so that none scans what another is scanning. */
  async extend(roots: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const turn = this.#running.then(() => this.#extend(roots, signal));
    this.#running = turn.catch(() => undefined);
    await turn;
  }

  async #extend(roots: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const asked = roots.filter((root) => !this.#scans.some((scan) => isWithinAny(root, scan.asked)));
    if (asked.length === 0) return;
    signal?.throwIfAborted();
    const startMs = this.#options.clock.nowMs();
    this.#startMs = Math.min(this.#startMs, startMs);
    const plan = this.#plan(asked);
    const bytes: Buffer[] = [];
    const {args, fingerprint} = await this.#walk(plan, signal, bytes);
    const {walked, pruned} = plan;
    this.#scans.push({asked, walked, pruned: [...pruned, ...this.#unreadable], bytes, fingerprint});
    this.#tree = undefined;
    const {directory, onWalk} = this.#options;
    if (walked.length > 0) onWalk?.({directory, args, bytes, startMs});
  }

  #plan(asked: readonly string[]): WalkPlan {
    const {matcher} = this.#options.rules;
    if (matcher === undefined) return {walked: asked, pruned: []};
    return {walked: reachableRoots(matcher, asked), pruned: prunableOf(matcher)};
  }

  /** Puts what the walk says into `bytes`. */
  async #walk(
    {walked, pruned}: WalkPlan,
    signal: AbortSignal | undefined,
    bytes?: Buffer[],
  ): Promise<{readonly args: readonly string[]; readonly fingerprint: string}> {
    if (walked.length === 0)
      return {args: [], fingerprint: createHash('sha256').update('\0\0').digest('hex')};
    const {directory} = this.#options;
    const helper = await this.#options.helper();
    const {matcher} = this.#options.rules;
    const pruneNames = matcher === undefined ? [] : prunableNamesOf(matcher);
    for (let attempt = 0; ; attempt++) {
      const args = scanArgumentsOf(walked, {prune: [...pruned, ...this.#unreadable], pruneNames});
      const hash = createHash('sha256').update(`${args.join('\0')}\0\0`);
      bytes?.splice(0);
      try {
        await helper.request('scan', [...viewArguments({dir: directory}), ...args], {
          ...(signal === undefined ? {} : {signal}),
          onData: (chunk) => {
            hash.update(chunk);
            bytes?.push(Buffer.from(chunk));
          },
        });
        return {args, fingerprint: hash.digest('hex')};
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

function isWithinAny(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => isWithin(path, root));
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
