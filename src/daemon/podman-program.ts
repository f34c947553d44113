// podman, which needs no daemon: its command takes archives and tells of its images.

import {buildError} from '../diagnostics/build-error.ts';
import {findProgram} from '../helper/find-program.ts';
import {type PodmanRun, runPodman} from '../helper/podman-process.ts';
import type {DiffId} from '../oci/digest.ts';
import type {Daemon, WriteBytes} from './daemon.ts';
import type {Environment} from './endpoint.ts';

export class PodmanProgram implements Daemon {
  readonly name = 'podman';
  readonly keepsIndexes = false;
  readonly readsZstd = true;
  readonly #run: Pick<PodmanRun, 'program' | 'environment'>;

  private constructor(run: Pick<PodmanRun, 'program' | 'environment'>) {
    this.#run = run;
  }

  static async find(environment: Environment): Promise<PodmanProgram | undefined> {
    const program = await findProgram('podman', environment);
    return program === undefined ? undefined : new PodmanProgram({program, environment});
  }

  async layerStacks(signal: AbortSignal): Promise<readonly (readonly DiffId[])[]> {
    const ids = (await this.#said(['images', '--quiet', '--no-trunc'], signal)).split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    const format = '{{range .RootFS.Layers}}{{.}} {{end}}';
    const said = await this.#said(['image', 'inspect', '--format', format, ...new Set(ids)], signal);
    return said.split('\n').map((line) => line.split(' ').filter(Boolean) as DiffId[]);
  }

  async load(produce: (write: WriteBytes) => Promise<void>, signal: AbortSignal): Promise<void> {
    const {code, said} = await runPodman({...this.#run, args: ['load', '--quiet'], input: produce, signal});
    if (code === 0) return;
    throw buildError('environment', 'daemon-load', `podman cannot take the image: ${reasonIn(said)}`);
  }

  /** What cannot be learned is not known: then everything is sent. */
  async #said(args: readonly string[], signal: AbortSignal): Promise<string> {
    const {code, stdout} = await runPodman({...this.#run, args, signal});
    return code === 0 ? stdout : '';
  }
}

/** podman's last words, which follow what it tells on the way. */
function reasonIn(said: string): string {
  const lines = said.trim().split('\n');
  return (
    lines
      .findLast((line) => line.startsWith('Error:'))
      ?.slice('Error:'.length)
      .trim() ||
    lines.at(-1) ||
    'it does not say why'
  );
}
