// The search itself: one round is a random project and its edits, each built with what is in the cache and without, and
// compared. Several rounds run side by side in this process, in places of their own.

import {rmSync} from 'node:fs';
import {join} from 'node:path';
import {type Workspace, workspaceWithBases} from '../command.ts';
import {Machine, quickFolder} from './machine.ts';
import {Random} from './random.ts';
import {dockerfileOf} from './random-project.ts';
import {type Kind, type Round, roundOf} from './round.ts';

export const isSoak = process.env['TSBUILD_SOAK'] === '1';
export const firstSeed = Number(process.env['SEED'] ?? 1);
/** All of the soak; half of them for each kind of cache. */
export const soakRounds = Number(process.env['ROUNDS'] ?? 3000);
export const timeoutMs = isSoak ? 24 * 3_600_000 : 600_000;
/** Projects that follow each other in one state directory: each finds what those before it have left. */
const roundsPerRoot = 16;
const lanes = 2;

export class Search implements AsyncDisposable {
  readonly space: Workspace;
  readonly #folder: string;

  private constructor(space: Workspace) {
    this.space = space;
    this.#folder = quickFolder();
  }

  static async open(): Promise<Search> {
    const search = new Search(await workspaceWithBases());
    // Images by names that a project takes for each other.
    for (const name of ['one', 'two']) {
      const context = await search.space.context({Dockerfile: `FROM busybox\nRUN echo ${name} > /moved\n`});
      await search.space.build(['-t', name, context], {root: search.pristine});
    }
    return search;
  }

  /** A state directory with the base image and two that stand on it. */
  get pristine(): string {
    return join(this.#folder, 'pristine');
  }

  machine(name: string): Machine {
    return new Machine(join(this.#folder, name), join(this.space.folder, 'tsbuild.toml'));
  }

  /** Ends with the first lie, as text; undefined: there is none. */
  async firstLie(kinds: readonly Kind[], rounds: number): Promise<string | undefined> {
    let next = firstSeed;
    let done = 0;
    let lie: string | undefined;
    const startedMs = performance.now();
    const lane = async (machine: Machine): Promise<void> => {
      while (next < firstSeed + rounds && lie === undefined) {
        const block = next;
        next += roundsPerRoot;
        await this.#refresh(machine);
        const end = Math.min(block + roundsPerRoot, firstSeed + rounds);
        for (let seed = block; seed < end && lie === undefined; seed++) {
          const round = roundOf(seed, kinds[seed % kinds.length] ?? 'kept');
          const found = await this.#lieOf(machine, round);
          done++;
          if (found !== undefined) lie ??= await this.#told(machine, round, found);
        }
      }
    };
    await Promise.all(Array.from({length: lanes}, (_, index) => lane(this.machine(`lane-${index}`))));
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
    if (isSoak) process.stderr.write(`${kinds}: ${done} rounds in ${minutes} minutes\n`);
    return lie;
  }

  /** Builds one after the other with one cache; gives the first that differs from a build without. */
  async #lieOf(machine: Machine, {seed, kind, edits}: Round): Promise<string | undefined> {
    const [warm, cold, shared] = [machine.root('warm'), machine.root('cold'), machine.root('shared')];
    const random = new Random(-seed);
    rmSync(shared, {recursive: true, force: true});
    const flags = ['--cache-from', `type=local,src=${shared}`, '--cache-to', `type=local,dest=${shared}`];
    let before = '';
    for (const [index, {project, isSame, disturbance, what}] of edits.entries()) {
      if (kind === 'shared') await machine.copyRoot(this.pristine, 'warm');
      const mayGo = kind === 'pruned' && index > 0 && disturbance === undefined;
      const more = mayGo ? await befall(machine, warm, random) : [];
      machine.layOut(project, disturbance);
      const cached = await machine.build(project, warm, [...(kind === 'shared' ? flags : []), ...more]);
      if (isSame) {
        if (cached.image === before) continue;
        return `${what}\nbefore:\n${before}\nnow:\n${cached.image}\n${cached.log}`;
      }
      const made = await machine.build(project, cold, ['--no-cache']);
      if (made.image !== cached.image) {
        return `${what}\nwith cache:\n${cached.image}\n${cached.log}\nwithout:\n${made.image}\n${made.log}`;
      }
      before = made.image;
    }
    return undefined;
  }

  async #refresh(machine: Machine): Promise<void> {
    for (const name of ['warm', 'cold']) await machine.copyRoot(this.pristine, name);
  }

  async #lieFromFresh(machine: Machine, round: Round): Promise<string | undefined> {
    await this.#refresh(machine);
    return this.#lieOf(machine, round);
  }

  /** What to say of a lie: the least that shows it, where it needs nothing of the rounds before. */
  async #told(machine: Machine, round: Round, lie: string): Promise<string> {
    const again = await this.#lieFromFresh(machine, round);
    const least = again === undefined ? round : await this.#smaller(machine, round);
    const lines = least.edits.map(
      ({what, project}) => `${what}\n${dockerfileOf(project)}${JSON.stringify(project)}`,
    );
    const first = firstSeed + Math.floor((round.seed - firstSeed) / roundsPerRoot) * roundsPerRoot;
    const place = again === undefined ? `after the rounds from SEED=${first} on` : 'by itself';
    const shown = again === undefined ? undefined : await this.#lieFromFresh(machine, least);
    return [`SEED=${round.seed}, ${round.kind}, ${place}`, ...lines, shown ?? again ?? lie].join('\n\n');
  }

  /** Takes instructions away from all projects while the lie stays. */
  async #smaller(machine: Machine, round: Round): Promise<Round> {
    let least = round;
    for (let stage = 0; stage < (round.edits[0]?.project.stages.length ?? 0); stage++) {
      for (let line = 8; line > 0; line--) {
        const edits = least.edits.map((edit) => {
          const stages = edit.project.stages.map((lines, at) =>
            at === stage ? lines.filter((_, n) => n !== line) : lines,
          );
          return {...edit, project: {...edit.project, stages}};
        });
        if (JSON.stringify(edits) === JSON.stringify(least.edits)) continue;
        if ((await this.#lieFromFresh(machine, {...least, edits})) !== undefined) least = {...least, edits};
      }
    }
    return least;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.space[Symbol.asyncDispose]();
    rmSync(this.#folder, {recursive: true, force: true});
  }
}

/** What befalls a cache: something goes, or is made again. Gives flags for the next build. */
async function befall(machine: Machine, root: string, random: Random): Promise<readonly string[]> {
  const filter = random.pick([
    ['--filter', 'description~=COPY'],
    ['--filter', 'description~=RUN'],
    ['--filter', 'type=regular'],
    ['--max-used-space', '1MB'],
  ]);
  if (random.isOneIn(2)) await machine.call('prune', root, ['-f', ...filter]);
  return random.isOneIn(2)
    ? [`--no-cache-filter=${random.pick(['s0', 's1', 's2', 'made0', 'aim0', 'aim1'])}`]
    : [];
}
