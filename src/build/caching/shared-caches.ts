// --cache-from and --cache-to of one build: the backends that were asked for, opened, around the records that are here.

import type {BackendDirection, CacheBackend} from '../../cache/backends/backend.ts';
import {badCacheOption, booleanOption, checkKnown} from '../../cache/backends/read-options.ts';
import {CacheExport} from '../../cache/cache-export.ts';
import {CacheImports} from '../../cache/cache-imports.ts';
import {InlineCache} from '../../cache/inline/inline-cache.ts';
import type {RecordCache} from '../../cache/record-cache.ts';
import {SharedCache} from '../../cache/shared-cache.ts';
import type {SharedRecord} from '../../cache/shared-record.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../diagnostics/diagnostic.ts';
import type {Vertex} from '../../graph/vertex.ts';
import {EqualLayers} from '../../snapshot/equal-layers.ts';
import type {LostLayer} from '../../snapshot/layer-source.ts';
import type {SnapshotId} from '../../snapshot/layer-table.ts';
import type {OpRunners} from '../../solver/op-runner.ts';
import type {BuildValue} from '../../sources/value.ts';
import {errorText} from '../../util/error-text.ts';
import type {Engine} from '../engine.ts';
import type {BuildRequest, CacheSpec} from '../request.ts';
import {buildkitBuild} from './buildkit-build.ts';
import {idleOptionsOf, openBackend, patienceOf, patienceSeconds} from './open-backend.ts';
import {wantsInline} from './wanted.ts';

interface OpenExport {
  readonly name: string;
  readonly ignoresErrors: boolean;
  readonly writer: CacheExport;
}

export interface CachedBuild {
  readonly request: BuildRequest;
  readonly engine: Engine;
  readonly records: RecordCache;
  readonly targets: readonly Vertex[];
  readonly runners: OpRunners<Vertex, BuildValue>;
}

export class SharedCaches {
  readonly cache: SharedCache;
  /** Undefined: images are not to have one. */
  readonly inline: InlineCache | undefined;
  readonly #imports: CacheImports;
  readonly #exports: readonly OpenExport[];
  readonly #warn: (diagnostic: Diagnostic) => void;

  /** Throws BuildError('usage') for options that make no sense; asks nobody yet. */
  constructor(
    {request, engine, records, targets, runners}: CachedBuild,
    warn: (diagnostic: Diagnostic) => void,
    signal: AbortSignal,
  ) {
    const build = buildkitBuild(targets, runners, engine, signal);
    const {snapshotter, blobs, fileLists, cacheSources: sources} = engine;
    const equalLayers = new EqualLayers(engine);
    const from = request.cacheFrom ?? [];
    const to = outsideImages(request.cacheTo ?? [], warn);
    if (from.some(({type}) => type === 'inline')) throw inlineIsWrittenOnly();
    const patiences = [...from, ...to].map(patienceOf);
    const patienceMs = Math.max(...(patiences.length > 0 ? patiences : [patienceSeconds])) * 1000;
    const open = (spec: CacheSpec, direction: BackendDirection): CacheBackend => {
      const services = {...sources.services, workingDirectory: request.workingDirectory};
      const backend = openBackend(spec, direction, services);
      for (const diagnostic of idleOptionsOf(spec)) warn(diagnostic);
      sources.add(backend);
      return backend;
    };
    const backends = from.map((spec) => open(spec, 'from'));
    this.#imports = new CacheImports({backends, sources, snapshotter, warn, signal, patienceMs, build});
    const told = (key: string): SharedRecord | undefined => this.#imports.told(key);
    this.#exports = to.map((spec) => {
      const backend = open(spec, 'to');
      const source = sources.sourceOf(backend);
      const writer = new CacheExport({
        backend,
        source,
        mode: modeOf(spec),
        records,
        told,
        snapshotter,
        equalLayers,
        blobs,
        filesOf: (digest) => fileLists.get(digest),
        patienceMs,
        signal,
      });
      const ignoresErrors = booleanOption(spec.type, spec.options, 'ignore-error') ?? true;
      return {name: backend.name, ignoresErrors, writer};
    });
    this.#warn = warn;
    if (wantsInline(request)) this.inline = new InlineCache({records, told, snapshotter});
    const takers = this.#exports.map(({writer}) => writer);
    this.cache = new SharedCache(
      records,
      this.#imports,
      equalLayers,
      this.inline === undefined ? takers : [...takers, this.inline],
    );
  }

  giveUp(lost: LostLayer): void {
    this.#imports.giveUp(lost.source, lost.message);
  }

  /** Waits until all that is worth having elsewhere is there. `results` is empty for a build that failed. */
  async finish(results: readonly SnapshotId[], isFailed: boolean): Promise<void> {
    this.#imports.finish();
    for (const {name, ignoresErrors, writer} of this.#exports) {
      const failure = await writer.finish(results);
      if (failure === undefined) continue;
      const message = `cache ${name} was not written: ${errorText(failure)}`;
      if (!ignoresErrors && !isFailed)
        throw buildError('environment', 'cache-export', message, {cause: failure});
      this.#warn({severity: 'warning', code: 'cache-export', message});
    }
  }
}

/** Those that are not inside images. */
function outsideImages(
  specs: readonly CacheSpec[],
  warn: (diagnostic: Diagnostic) => void,
): readonly CacheSpec[] {
  for (const {type, options} of specs) {
    if (type !== 'inline') continue;
    checkKnown(type, options, ['mode', 'ignore-error', 'compression']);
    if (options.get('mode') !== 'max') continue;
    const message = 'cache type=inline has only layers of the image, whatever mode= says';
    warn({severity: 'warning', code: 'cache-export', message});
  }
  return specs.filter(({type}) => type !== 'inline');
}

function inlineIsWrittenOnly(): Error {
  return buildError('usage', 'cache-bad-option', 'type=inline is for --cache-to only', {
    hints: ['to use what is inside an image, give its name: --cache-from IMAGE'],
  });
}

function modeOf({type, options}: CacheSpec): 'min' | 'max' {
  const mode = options.get('mode') ?? 'max';
  if (mode === 'min' || mode === 'max') return mode;
  throw badCacheOption(type, `expects mode=min or mode=max, got "${mode}"`);
}
