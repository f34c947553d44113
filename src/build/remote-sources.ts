// Sources that come over a network, as steps that the user sees. What fetches them is loaded with the first one: most
// builds have none.

import type {SourceLedger} from '../attestation/source-ledger.ts';
import type {GitSource, HttpSource} from '../graph/op.ts';
import type {FetchedTree} from '../sources/git/git-sources.ts';
import type {FetchedFile} from '../sources/http/http-sources.ts';
import type {SshAgents} from '../ssh/agents.ts';
import type {Observed} from '../unchanged/observed.ts';
import type {Engine} from './engine.ts';
import {once} from './once.ts';
import type {SourceGate} from './origin/source-gate.ts';
import type {BuildRequest} from './request.ts';
import type {Secrets} from './secrets.ts';
import type {StepReporter} from './step.ts';

export interface RemoteSources {
  /** One file, by URL. Within a build the same URL is asked for once. */
  http(source: HttpSource, signal: AbortSignal): Promise<FetchedFile>;
  /** The tree of a commit. */
  git(source: GitSource, signal: AbortSignal): Promise<FetchedTree>;
}

export interface Credentials {
  readonly secrets: () => Promise<Secrets>;
  readonly agents: () => Promise<SshAgents>;
}

export interface SourceWatch {
  readonly gate: SourceGate;
  readonly ledger: SourceLedger;
  readonly observed: Observed | undefined;
}

export function remoteSources(
  request: BuildRequest,
  engine: Engine,
  {secrets, agents}: Credentials,
  reporter: StepReporter,
  {gate, ledger, observed}: SourceWatch,
): RemoteSources {
  const {snapshotter, notes} = engine;
  const http = once(async () => {
    const {HttpSources} = await import('../sources/http/http-sources.ts');
    return new HttpSources({snapshotter, notes, http: engine.http, secrets});
  });
  const git = once(async () => {
    const {GitSources} = await import('../sources/git/git-sources.ts');
    const {environment} = request;
    const socket = await (await agents()).listen('default');
    return new GitSources({snapshotter, notes, environment, secrets, sshAgent: socket?.shortPath});
  });
  return {
    async http(given, signal) {
      observed?.refuse();
      const source = gate.http(given);
      const sources = await http.get();
      const fetched = await reporter.step(`download ${sources.nameOf(source)}`, (_, progress) =>
        sources.fetch(source, signal, (received, total) => progress(source.filename, received, total)),
      );
      ledger.addHttp(source, fetched.digest);
      return fetched;
    },
    async git(given, signal) {
      observed?.refuse();
      const source = gate.git(given);
      const sources = await git.get();
      const fetched = await reporter.step(`clone ${sources.nameOf(source)}`, () =>
        sources.fetch(source, signal),
      );
      ledger.addGit(source, fetched.commit);
      return fetched;
    },
  };
}
