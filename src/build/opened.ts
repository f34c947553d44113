// What a build and a check open alike, in order, and close in the other: engine, contexts, image resolver.

import {resolve} from 'node:path';
import {SourceLedger} from '../attestation/source-ledger.ts';
import {ImageResolver} from '../sources/image/image-resolver.ts';
import type {SshAgents} from '../ssh/agents.ts';
import {systemClock} from '../util/clock.ts';
import {openContext} from './context.ts';
import {type OpenEngineOptions, openEngine} from './engine.ts';
import {once} from './once.ts';
import {openGate} from './origin/source-gate.ts';
import type {Planning} from './planning.ts';
import {type RemoteSources, remoteSources} from './remote-sources.ts';
import type {BuildRequest, EngineOptions} from './request.ts';
import {readSecrets, type Secrets} from './secrets.ts';
import {givenReader, stepReporter} from './step.ts';

export interface Opened extends Planning, AsyncDisposable {
  readonly sources: RemoteSources;
  /** Read when they are first asked for. */
  readonly secrets: () => Promise<Secrets>;
  readonly agents: () => Promise<SshAgents>;
}

export async function openBuild(
  request: BuildRequest,
  options: EngineOptions,
  signal: AbortSignal,
  onLayerProgress: OpenEngineOptions['onLayerProgress'] = () => {},
): Promise<Opened> {
  const {observed} = options;
  const engine = await openEngine({
    observed,
    room: options.room,
    root: resolve(request.workingDirectory, options.root),
    configFile: options.configFile,
    environment: request.environment,
    clock: systemClock,
    onLayerProgress,
    warn: (diagnostic) => options.emit({type: 'warning', diagnostic, atMs: systemClock.nowMs()}),
  });
  try {
    const reporter = stepReporter(options.emit, systemClock, signal);
    const read = givenReader(reporter, signal);
    const {get: secrets} = once(() => readSecrets(request, read));
    const agents = once(async () => {
      const {SshAgents} = await import('../ssh/agents.ts');
      return SshAgents.load(
        request.ssh,
        () => engine.state.makeWork(),
        (file) => read(file, file),
      );
    });
    const ledger = new SourceLedger();
    const gate = await openGate(request, read);
    const sources = remoteSources(request, engine, {secrets, agents: agents.get}, reporter, {
      gate,
      ledger,
      observed,
    });
    const context = await openContext(request, engine, {sources, observed, read, signal});
    const images = new ImageResolver({
      database: engine.state.database,
      blobs: engine.blobs,
      registry: engine.registry,
      clock: systemClock,
      pull: request.pull,
      layouts: context.named.layouts,
    });
    return {
      request,
      observed,
      context,
      engine,
      images,
      reporter,
      signal,
      sources,
      gate,
      ledger,
      secrets,
      agents: agents.get,
      async [Symbol.asyncDispose]() {
        try {
          await (await agents.started())?.close();
          await context[Symbol.asyncDispose]();
        } finally {
          await engine[Symbol.asyncDispose]();
        }
      },
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}
