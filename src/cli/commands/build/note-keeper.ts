// Leaves a note of a build that found everything in the cache, for the next one that is called in the same way
// (src/unchanged, docs/adr/0025). Only of builds that depend on nothing but files of this machine, and change nothing
// outside of the state directory.

import type {BuildRequest, BuildResult} from '../../../build/request.ts';
import {calledWith} from '../../../helper/companion.ts';
import type {BuildRecord} from '../../../history/build-record.ts';
import type {BuildEvent} from '../../../progress/events.ts';
import {workPath} from '../../../store/work-path.ts';
import {type Answer, noteFormat, writeNote} from '../../../unchanged/note.ts';
import {Observed} from '../../../unchanged/observed.ts';
import type {Clock} from '../../../util/clock.ts';
import {goBool} from '../../../util/go-bool.ts';
import {withoutCredentials} from '../../../util/url-credentials.ts';
import type {FlagValues} from '../../flag-values.ts';
import {programName} from './program-name.ts';

export interface ToldOfAnswer {
  readonly root: string;
  readonly sink: string;
  readonly stdout: string;
  /** Undefined: it has no place in the history. */
  readonly record: BuildRecord | undefined;
}

export class NoteKeeper {
  readonly observed: Observed;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #program: string;
  readonly #events: BuildEvent[] = [];
  #file: Answer['file'];
  #isRepeatable = true;

  /** Undefined: a build of this kind is never repeated from a note. */
  static of(request: BuildRequest, flags: FlagValues, clock: Clock): NoteKeeper | undefined {
    const [name, program] = [calledWith(), programName()];
    if (name === undefined || program === undefined || !isLocal(request) || !isPlain(flags)) return undefined;
    return new NoteKeeper(name, program, clock);
  }

  private constructor(name: string, program: string, clock: Clock) {
    this.#name = name;
    this.#program = program;
    this.#clock = clock;
    this.observed = new Observed(clock.nowMs());
  }

  emit(event: BuildEvent): void {
    switch (event.type) {
      case 'step-started':
      case 'step-note':
        this.#events.push({...event, atMs: 0});
        return;
      case 'step-finished':
        if (event.outcome !== 'cached' && event.outcome !== 'done') this.#isRepeatable = false;
        this.#events.push({...event, atMs: 0});
        return;
      case 'warning':
        this.#warning(event);
        return;
      case 'step-output':
      case 'step-progress':
        this.#isRepeatable = false;
    }
  }

  /** Files are kept once; what is said in confidence stays in the file. */
  #warning({diagnostic}: Extract<BuildEvent, {type: 'warning'}>): void {
    const {file, ...plain} = diagnostic;
    if (file !== undefined) {
      const {path, text} = file;
      this.#file ??= {path, text};
      const isOther = this.#file.path !== path || this.#file.text !== text;
      if (isOther || withoutCredentials(text) !== text) this.#isRepeatable = false;
    }
    if ((file === undefined) !== (plain.span === undefined)) this.#isRepeatable = false;
    this.#events.push({type: 'warning', diagnostic: plain, atMs: 0});
  }

  /** After the build, when nobody waits for anything any more. */
  keep({executed}: BuildResult, {root, sink, stdout, record}: ToldOfAnswer): void {
    if (!this.#isRepeatable || executed > 0 || record === undefined) return;
    const file = this.#file;
    const answer = {sink, events: this.#events, ...(file && {file}), stdout, record};
    try {
      const conditions = this.observed.conditions(root, this.#clock.nowMs());
      if (conditions === undefined) return;
      writeNote({format: noteFormat, program: this.#program, root, conditions, answer}, this.observed.said, {
        name: this.#name,
        temporary: workPath(root),
      });
    } catch {
      // The next build looks for itself.
    }
  }
}

/** It asks nobody, and gives its result to nobody but the state directory. */
function isLocal(request: BuildRequest): boolean {
  const {context, dockerfile = '', dockerfileText, noCache, pull, attest, sourcePolicy, lock} = request;
  const {cacheFrom = [], cacheTo = [], outputs} = request;
  return (
    context.type === 'directory' &&
    dockerfileText === undefined &&
    !/^https?:/.test(dockerfile) &&
    noCache === false &&
    !pull &&
    cacheFrom.length + cacheTo.length === 0 &&
    [attest, sourcePolicy, lock].every((one) => one === undefined) &&
    [request.buildContexts, request.secrets, request.ssh].every((named) => Object.keys(named).length === 0) &&
    outputs.every(
      ({type, options}) =>
        type === 'cacheonly' || (type === 'image' && goBool(options.get('push') ?? 'false') === false),
    )
  );
}

/** Of these the name of the call says nothing (native/start.c). */
const passing = new Set(['_', 'OLDPWD', 'PWD', 'SHLVL']);

/** It writes no more than it shows, and all that it shows goes through the progress. */
function isPlain(flags: FlagValues): boolean {
  return (
    flags.last('iidfile') === undefined &&
    flags.last('metadata-file') === undefined &&
    flags.all('label').every((text) => text.includes('=')) &&
    !flags.all('build-arg').some((text) => passing.has(text))
  );
}
