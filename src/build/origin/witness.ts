// What is attested of a build: provenance from the plan, the request and what was fetched. Made when the layers exist,
// and only for those who ask.

import {randomUUID} from 'node:crypto';
import {basename} from 'node:path';
import type {ProvenanceRequest, SbomGenerator} from '../../attestation/attest-request.ts';
import type {ProvenanceInput, RequestParameters} from '../../attestation/provenance.ts';
import type {FetchedSource} from '../../attestation/source-ledger.ts';
import type {SourceFile} from '../../diagnostics/source-file.ts';
import type {Attestation, BuiltImage} from '../../exporters/exporter.ts';
import {defaultShmSizeBytes} from '../../graph/op.ts';
import type {Vertex} from '../../graph/vertex.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import type {Plan} from '../../plan/plan.ts';
import {assert} from '../../util/assert.ts';
import {systemClock} from '../../util/clock.ts';
import type {Engine} from '../engine.ts';
import {defaultDockerfile} from '../local-place.ts';
import {once} from '../once.ts';
import type {BuildRequest, ImageProvenance} from '../request.ts';

export interface WitnessOptions {
  readonly request: BuildRequest;
  readonly engine: Pick<Engine, 'helper' | 'state'>;
  readonly file: SourceFile;
  fetched(): readonly FetchedSource[];
  readonly roots: ReadonlyMap<string, string>;
  readonly startedMs: number;
  readonly signal: AbortSignal;
}

/** The work of a scanner's image. */
export interface Scan {
  readonly plan: Plan;
  readonly view: BuiltImage['rootView'];
}

export class Witness {
  readonly #options: WitnessOptions;
  readonly #id = randomUUID();
  readonly #versionControl = once(async () => {
    const {versionControlOf} = await import('./version-control.ts');
    return versionControlOf(this.#options.request, this.#options.signal);
  });

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** The member of a BuiltImage; none when nothing was asked for. */
  attestationsOf(
    plan: Plan,
    image: Pick<BuiltImage, 'rootView'>,
    scan: Scan | undefined,
  ): Pick<BuiltImage, 'attestations'> {
    const {provenance, sbom} = this.#options.request.attest ?? {};
    if (provenance === undefined && sbom === undefined) return {};
    // Several outputs say the same.
    const bill = once(async () => (sbom === undefined ? [] : this.#bills(plan, image, sbom, scan)));
    return {
      attestations: async (layers): Promise<readonly Attestation[]> => {
        const said = await bill.get();
        if (provenance === undefined) return said;
        const descriptors = layers.map(({descriptor}) => descriptor);
        return [...said, await this.#provenance({plan, scanner: scan?.plan.vertex}, descriptors, provenance)];
      },
    };
  }

  async #bills(
    plan: Plan,
    image: Pick<BuiltImage, 'rootView'>,
    sbom: true | SbomGenerator,
    scan: Scan | undefined,
  ): Promise<readonly Attestation[]> {
    const {request, engine, signal} = this.#options;
    const {billOfMaterials, billsOfScanner} = await import('./bill-of-materials.ts');
    if (sbom !== true) {
      assert(scan !== undefined, 'an image that a scanner is asked for is scanned');
      return billsOfScanner(await scan.view(signal), engine, sbom.image, signal);
    }
    const createdSeconds = plan.epochSeconds ?? Math.floor(systemClock.nowMs() / 1000);
    const name = request.tags[0] ?? 'image';
    return [await billOfMaterials(await image.rootView(signal), engine, {name, createdSeconds}, signal)];
  }

  async metadataOf(
    made: {readonly plan: Plan; readonly scanner: Vertex | undefined},
    mode: ProvenanceRequest['mode'],
  ): Promise<ImageProvenance> {
    const {predicate} = await this.#provenance(made, [], {mode, version: 'v1', inlineOnly: true});
    return {platform: made.plan.platform, predicate};
  }

  async #provenance(
    made: Pick<ProvenanceInput, 'plan' | 'scanner'>,
    layers: readonly Descriptor[],
    asked: ProvenanceRequest,
  ): Promise<Attestation> {
    const {provenancePredicate, provenanceTypes} = await import('../../attestation/provenance.ts');
    const {request, file, fetched, roots, startedMs} = this.#options;
    const versionControl = await this.#versionControl.get();
    const run = {id: this.#id, startedMs, finishedMs: systemClock.nowMs()};
    const parameters = parametersOf(request);
    return {
      predicateType: provenanceTypes[asked.version],
      ...(asked.inlineOnly ? {} : {file: 'provenance.json'}),
      predicate: provenancePredicate(
        {...made, parameters, fetched: fetched(), roots, versionControl, file, run, layers},
        asked,
      ),
    };
  }
}

/**
 * As buildx would have asked BuildKit's frontend; BuildKit itself leaves out what is of the host, such as the platform
 * and the caches. Host paths are nobody's affair.
 */
function parametersOf(request: BuildRequest): RequestParameters {
  const {context, target, noCache, network, extraHosts, shmSizeBytes, ulimits} = request;
  const remoteContexts = Object.entries(request.buildContexts).map(([name, value]): [string, string] => [
    `context:${name}`,
    /^[a-z][a-z0-9+.-]*:\/\/|^git@/.test(value) ? value : `local:${name}`,
  ]);
  return {
    args: {
      ...prefixed('build-arg:', request.buildArgs),
      ...prefixed('label:', request.labels),
      ...Object.fromEntries(remoteContexts),
      ...(target === undefined ? {} : {target}),
      ...(noCache === false ? {} : {'no-cache': noCache === true ? '' : noCache.join(',')}),
      ...(network === 'default' ? {} : {'force-network-mode': network}),
      ...unlessEmpty(
        'add-hosts',
        extraHosts.map(({host, address}) => `${host}=${address}`),
      ),
      ...(shmSizeBytes === defaultShmSizeBytes ? {} : {'shm-size': String(shmSizeBytes)}),
      ...unlessEmpty(
        'ulimit',
        ulimits.map(({name, soft, hard}) => `${name}=${soft}:${hard}`),
      ),
    },
    configSource: {
      ...(context.type === 'url' ? {uri: context.url} : {}),
      path: dockerfilePath(request),
    },
    isLocalFile: isLocalFile(request),
    isLocalContext: context.type === 'directory',
  };
}

/** As buildx names it: of a local context without the directory that it is in. */
function dockerfilePath({context, dockerfile = defaultDockerfile}: BuildRequest): string {
  if (dockerfile === '-') return defaultDockerfile;
  return context.type === 'directory' ? basename(dockerfile) : dockerfile;
}

function isLocalFile({context, dockerfile = '', dockerfileText}: BuildRequest): boolean {
  if (dockerfileText !== undefined) return true;
  return context.type !== 'url' && !/^https?:\/\//.test(dockerfile);
}

function unlessEmpty(key: string, values: readonly string[]): Record<string, string> {
  return values.length === 0 ? {} : {[key]: values.join(',')};
}

function prefixed(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
}
