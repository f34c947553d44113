// What is attested of a build: provenance from the plan, the request and what was fetched. Made when the layers exist,
// and only for those who ask.

import {randomUUID} from 'node:crypto';
import type {ProvenanceRequest} from '../../attestation/attest-request.ts';
import {provenancePredicate, provenanceTypes, type RequestParameters} from '../../attestation/provenance.ts';
import type {FetchedSource} from '../../attestation/source-ledger.ts';
import type {SourceFile} from '../../diagnostics/source-file.ts';
import type {Attestation, BuiltImage} from '../../exporters/exporter.ts';
import type {Descriptor} from '../../oci/descriptor.ts';
import {formatPlatform, type Platform} from '../../oci/platform.ts';
import type {Plan} from '../../plan/plan.ts';
import {systemClock} from '../../util/clock.ts';
import type {BuildRequest} from '../request.ts';

export interface WitnessOptions {
  readonly request: BuildRequest;
  readonly file: SourceFile;
  fetched(): readonly FetchedSource[];
  readonly startedMs: number;
}

/** What buildx writes into the metadata file unless it is told otherwise. */
const metadataProvenance: ProvenanceRequest = {mode: 'min', version: 'v1', inlineOnly: true};

export class Witness {
  readonly #options: WitnessOptions;
  readonly #id = randomUUID();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** The member of a BuiltImage; none when nothing was asked for. */
  attestationsOf(plan: Plan): Pick<BuiltImage, 'attestations'> {
    const {provenance} = this.#options.request.attest ?? {};
    if (provenance === undefined) return {};
    return {
      attestations: async (layers): Promise<readonly Attestation[]> => {
        const descriptors = layers.map(({descriptor}) => descriptor);
        return [
          {
            predicateType: provenanceTypes[provenance.version],
            predicate: this.#provenance(plan, descriptors, provenance),
          },
        ];
      },
    };
  }

  metadataOf(plan: Plan): {readonly platform: Platform; readonly predicate: object} {
    return {platform: plan.platform, predicate: this.#provenance(plan, [], metadataProvenance)};
  }

  #provenance(plan: Plan, layers: readonly Descriptor[], asked: ProvenanceRequest): object {
    const {request, file, fetched, startedMs} = this.#options;
    const run = {id: this.#id, startedMs, finishedMs: systemClock.nowMs()};
    const parameters = parametersOf(request);
    return provenancePredicate({plan, parameters, fetched: fetched(), file, run, layers}, asked);
  }
}

/** As buildx would have asked BuildKit's frontend. Host paths are nobody's affair. */
function parametersOf(request: BuildRequest): RequestParameters {
  const {context, dockerfile, target, platforms, noCache} = request;
  const remoteContexts = Object.entries(request.buildContexts).map(([name, value]): [string, string] => [
    `context:${name}`,
    /^[a-z][a-z0-9+.-]*:\/\/|^git@/.test(value) ? value : `local:${name}`,
  ]);
  const isDockerfileShown = dockerfile !== undefined && !dockerfile.startsWith('/') && dockerfile !== '-';
  return {
    args: {
      ...prefixed('build-arg:', request.buildArgs),
      ...prefixed('label:', request.labels),
      ...Object.fromEntries(remoteContexts),
      ...(target === undefined ? {} : {target}),
      ...(platforms.length === 0 ? {} : {platform: platforms.map(formatPlatform).join(',')}),
      ...(noCache === false ? {} : {'no-cache': noCache === true ? '' : noCache.join(',')}),
    },
    configSource: {
      ...(context.type === 'url' ? {uri: context.url} : {}),
      path: isDockerfileShown ? dockerfile : 'Dockerfile',
    },
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
}
