// What failed steps had written, kept for whoever wants to look: one for each project (whatever a builder calls so),
// the newest few. A later failure or success of the same project takes its place. What is put out of the way lies in
// `work/` then, where it is removed by its process, or swept like everything of a dead one.

import {mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

export interface KeptFailure {
  /** The layer directory of what the step had written. */
  readonly layer: string;
  readonly record: unknown;
  readonly keptAtMs: number;
}

export interface FailedStepsOptions {
  readonly root: string;
  readonly makeWork: () => Promise<string>;
}

const keptMax = 8;
const recordName = 'step.json';

export class FailedSteps {
  readonly #directory: string;
  readonly #options: FailedStepsOptions;

  constructor(options: FailedStepsOptions) {
    this.#directory = join(options.root, 'failed');
    this.#options = options;
  }

  /**
   * Keeps `directory`, which has the layer as `fs`, under the project's key; gives directories that are to be removed.
   * Throws when it cannot, and nothing has happened to `directory`.
   */
  async keep(project: string, directory: string, record: object): Promise<readonly string[]> {
    mkdirSync(this.#directory, {recursive: true, mode: 0o700});
    writeFileSync(join(directory, recordName), JSON.stringify(record), {mode: 0o600});
    const displaced = [...(await this.displace(project))];
    renameSync(directory, join(this.#directory, project));
    for (const old of this.#newestFirst().slice(keptMax)) displaced.push(...(await this.displace(old)));
    return displaced;
  }

  /** Where the last failure of a project is, if there is one. */
  pathOf(project: string): string {
    return join(this.#directory, project);
  }

  /** Of the project, or the newest of all. */
  find(project?: string): KeptFailure | undefined {
    const name = project ?? this.#newestFirst()[0];
    if (name === undefined) return undefined;
    const path = this.pathOf(name);
    try {
      const text = readFileSync(join(path, recordName), 'utf8');
      return {layer: join(path, 'fs'), record: JSON.parse(text), keptAtMs: this.#keptAtMs(name)};
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Lets go of what is kept of a project; gives directories that are to be removed. */
  async displace(project: string): Promise<readonly string[]> {
    const path = this.pathOf(project);
    if (statSync(path, {throwIfNoEntry: false}) === undefined) return [];
    const place = await this.#options.makeWork();
    try {
      renameSync(path, place);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return [place];
  }

  #newestFirst(): string[] {
    const names = readdirOrNone(this.#directory);
    const times = new Map(names.map((name) => [name, this.#keptAtMs(name)]));
    return names.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0));
  }

  #keptAtMs(name: string): number {
    return statSync(join(this.#directory, name, recordName), {throwIfNoEntry: false})?.mtimeMs ?? 0;
  }
}

function readdirOrNone(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
