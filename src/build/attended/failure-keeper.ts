// Keeps what the first failed step of a build had written, until the project is built again.

import {resolve} from 'node:path';
import {digestOf, hexOf} from '../../oci/digest.ts';
import {failedStep, type StepToKeep} from '../../ops/exec/failed-step.ts';
import type {ActiveSnapshot} from '../../snapshot/snapshotter.ts';
import type {Engine} from '../engine.ts';
import type {BuildRequest} from '../request.ts';

type ProjectRequest = Pick<BuildRequest, 'context' | 'dockerfile' | 'dockerfileText' | 'workingDirectory'>;

/** A project is a context and a Dockerfile: builds of it with other arguments are builds of the same. */
export function projectOf({context, dockerfile, dockerfileText, workingDirectory}: ProjectRequest): string {
  const place =
    context.type === 'directory'
      ? resolve(workingDirectory, context.path)
      : context.type === 'url'
        ? context.url
        : '-';
  const file = dockerfileText === undefined ? resolve(workingDirectory, dockerfile ?? 'Dockerfile') : '-';
  return hexOf(digestOf(JSON.stringify([place, dockerfile === undefined ? '' : file]))).slice(0, 32);
}

export class FailureKeeper {
  readonly #engine: Engine;
  readonly #project: string;
  #taken = false;

  constructor(engine: Engine, request: ProjectRequest) {
    this.#engine = engine;
    this.#project = projectOf(request);
  }

  /** True when the directory is kept, and no longer the caller's. */
  async keep(step: StepToKeep, active: ActiveSnapshot): Promise<boolean> {
    if (this.#taken) return false;
    this.#taken = true;
    const {state, snapshotter} = this.#engine;
    try {
      const record = failedStep(step, state.bootId);
      const displaced = await state.failedSteps.keep(this.#project, active.directory, record);
      for (const directory of displaced) snapshotter.discard({directory});
      return true;
    } catch {
      // A full disk, another build of the project at the same moment: the failure itself is what has to be told.
      return false;
    }
  }

  /** Where it is kept. */
  get place(): string {
    return this.#engine.state.failedSteps.pathOf(this.#project);
  }

  /** After a success there is no last failure to look at. */
  async forget(): Promise<void> {
    const {state, snapshotter} = this.#engine;
    for (const directory of await state.failedSteps.displace(this.#project)) snapshotter.discard({directory});
  }
}
