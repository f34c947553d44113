// SLSA provenance of an image as BuildKit's docs/attestations/slsa-definitions.md defines it, member for member, so
// that what reads BuildKit's reads this: the build type says how to read it, not who wrote it
// (docs/formats/provenance.md). No secret is ever in it: secrets and keys are told by id only, URLs lose their
// credentials, proxies are left out. A build with SOURCE_DATE_EPOCH gives the same provenance each time: it then has
// no times and no id of the run.

import type {SourceFile} from '../diagnostics/source-file.ts';
import type {ExecMount} from '../graph/op.ts';
import type {Vertex} from '../graph/vertex.ts';
import type {Descriptor} from '../oci/descriptor.ts';
import {formatPlatform, hostPlatform} from '../oci/platform.ts';
import type {Plan} from '../plan/plan.ts';
import {byteOrder} from '../util/byte-order.ts';
import type {Json} from '../util/canonical-json.ts';
import {withoutCredentials} from '../util/url-credentials.ts';
import type {ProvenanceRequest} from './attest-request.ts';
import {base64Of, buildStepsOf, digestMappingOf, stepLocationsOf} from './build-steps.ts';
import {fetchedMaterial, type Material, materialsOf, verticesOf} from './materials.ts';
import type {FetchedSource} from './source-ledger.ts';

export const provenanceTypes = {
  v1: 'https://slsa.dev/provenance/v1',
  'v0.2': 'https://slsa.dev/provenance/v0.2',
} as const;

/** Of version 1, and of 0.2, whose own members begin with it, too. */
const buildType = 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md';
const buildType02 = 'https://mobyproject.org/buildkit@v1';

export interface ConfigSource {
  /** Where the Dockerfile came from, when it is not of this machine. */
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  /** Within its source; where a context lies on this machine is nobody's affair. */
  readonly path: string;
}

/** The request as BuildKit's frontend would have been asked. */
export interface RequestParameters {
  /** `target`, `build-arg:K`, `label:K`, `context:NAME`, … */
  readonly args: Readonly<Record<string, string>>;
  readonly configSource: ConfigSource;
  /** The Dockerfile is a file of this machine. */
  readonly isLocalFile: boolean;
  /** The context is a directory of this machine. What it ignores is asked of it whatever the steps are. */
  readonly isLocalContext: boolean;
}

export interface RunOfBuild {
  readonly id: string;
  readonly startedMs: number;
  readonly finishedMs: number;
}

export interface ProvenanceInput {
  readonly plan: Pick<Plan, 'epochSeconds' | 'vertex'>;
  readonly parameters: RequestParameters;
  /** What looked at the result to tell what is in it. */
  readonly scanner?: Vertex | undefined;
  readonly fetched: readonly FetchedSource[];
  /** By the digest of an image's manifest that of the index it was found in. */
  readonly roots: ReadonlyMap<string, string>;
  /** Of the repository that the context is in, by BuildKit's keys. */
  readonly versionControl: Readonly<Record<string, string>>;
  readonly file: SourceFile;
  readonly run: RunOfBuild;
  /** Of the result, bottom first. */
  readonly layers: readonly Descriptor[];
}

type Members = {readonly [key: string]: Json | undefined};

/** The parts that both versions of the predicate are made of. */
interface Parts {
  readonly configSource: ConfigSource;
  readonly request: Members;
  readonly materials: readonly Material[];
  readonly buildConfig: Members | undefined;
  readonly times: {readonly id?: string; readonly startedOn?: string; readonly finishedOn?: string};
  readonly details: Members;
  readonly hermetic: boolean;
  readonly completeness: {readonly request: boolean; readonly materials: boolean};
  readonly builderId: string;
  readonly isReproducible: boolean;
}

export function provenancePredicate(input: ProvenanceInput, request: ProvenanceRequest): Members {
  const {mode, version, builderId = '', isReproducible = false} = request;
  const parts = {...partsOf(input, mode), builderId, isReproducible};
  return maskedMembers(version === 'v1' ? version1(parts) : version02(parts));
}

function partsOf(input: ProvenanceInput, mode: 'min' | 'max'): Omit<Parts, 'builderId' | 'isReproducible'> {
  const {plan, parameters, scanner, fetched, roots, versionControl, file, run, layers} = input;
  const vertices = verticesOf(plan.vertex);
  const isMax = mode === 'max';
  const locals = localNames(vertices, parameters);
  const given = Object.entries(parameters.args).filter(([key]) => !isProxy(key));
  const told = isMax ? given : given.filter(([key]) => !/^(?:build-arg|label):/.test(key));
  const hasAllMaterials = locals.length === 0;
  return {
    configSource: withDigest(parameters.configSource, fetched),
    request: {
      frontend: 'dockerfile.v0',
      args: Object.fromEntries(told.toSorted(([a], [b]) => byteOrder(a, b))),
      ...(isMax ? namedIds('secrets', mountIds(vertices, 'secret')) : {}),
      ...(isMax ? namedIds('ssh', mountIds(vertices, 'ssh')) : {}),
      ...(locals.length === 0 ? {} : {locals: locals.map((name) => ({name}))}),
    },
    materials: materialsOf([...vertices, ...verticesOf(scanner)], fetched, roots),
    buildConfig: isMax
      ? {
          llbDefinition: buildStepsOf(vertices, roots).map((step): Json => ({...step})),
          digestMapping: digestMappingOf(vertices),
        }
      : undefined,
    times:
      plan.epochSeconds === undefined
        ? {id: run.id, startedOn: timeText(run.startedMs), finishedOn: timeText(run.finishedMs)}
        : {},
    details: {
      ...(Object.keys(versionControl).length === 0 ? {} : {vcs: {...versionControl}}),
      ...(isMax ? detailsOf(vertices, {path: parameters.configSource.path, text: file.text}, layers) : {}),
    },
    hermetic: hasAllMaterials && !vertices.some(hasNetwork),
    completeness: {request: told.length === given.length, materials: hasAllMaterials},
  };
}

function version1(parts: Parts): Members {
  const {configSource, request, materials, buildConfig, times, details, hermetic, completeness} = parts;
  return {
    buildDefinition: {
      buildType,
      externalParameters: {configSource: {...configSource}, request},
      internalParameters: {builderPlatform: formatPlatform(hostPlatform()), buildConfig},
      resolvedDependencies: materials.map((material) => ({...material})),
    },
    runDetails: {
      builder: {id: parts.builderId},
      metadata: {
        ...(times.id === undefined
          ? {}
          : {invocationID: times.id, startedOn: times.startedOn, finishedOn: times.finishedOn}),
        buildkit_metadata: details,
        buildkit_hermetic: hermetic,
        buildkit_completeness: {request: completeness.request, resolvedDependencies: completeness.materials},
        buildkit_reproducible: parts.isReproducible,
      },
    },
  };
}

function version02(parts: Parts): Members {
  const {configSource, request, materials, buildConfig, times, details, hermetic, completeness} = parts;
  const {path, ...source} = configSource;
  return {
    builder: {id: parts.builderId},
    buildType: buildType02,
    materials: materials.map((material) => ({...material})),
    invocation: {
      configSource: {...source, entryPoint: path},
      parameters: request,
      environment: {platform: formatPlatform(hostPlatform())},
    },
    buildConfig,
    metadata: {
      buildInvocationID: times.id,
      buildStartedOn: times.startedOn,
      buildFinishedOn: times.finishedOn,
      completeness: {parameters: completeness.request, environment: true, materials: completeness.materials},
      reproducible: parts.isReproducible,
      [`${buildType02}#hermetic`]: hermetic,
      [`${buildType02}#metadata`]: details,
    },
  };
}

function detailsOf(
  vertices: readonly Vertex[],
  file: Pick<SourceFile, 'path' | 'text'>,
  layers: readonly Descriptor[],
): Members {
  const target = vertices.length - 1;
  const listed = layers.map(({mediaType, digest, size}) => ({mediaType, digest, size}));
  return {
    source: {
      locations: {...stepLocationsOf(vertices)} as unknown as Json,
      infos: [{filename: file.path, language: 'Dockerfile', data: base64Of(file.text)}],
    },
    ...(target < 0 ? {} : {layers: {[`step${target}:0`]: [listed]}}),
  };
}

/** Of a remote context what it was, which is among what was fetched. */
function withDigest(source: ConfigSource, fetched: readonly FetchedSource[]): ConfigSource {
  const shown = source.uri === undefined ? undefined : withoutCredentials(source.uri);
  const isMeant = ({uri}: Material): boolean =>
    // A directory within the repository is no part of what was fetched.
    shown === uri || [`${uri}:`, `${uri}#:`].some((start) => shown?.startsWith(start));
  const found = fetched.map(fetchedMaterial).find(isMeant);
  return found === undefined ? source : {...source, digest: found.digest};
}

function hasNetwork({op}: Vertex): boolean {
  return op.kind === 'exec' && op.network !== 'none';
}

/**
 * Directories of this machine. A context that was fetched is none, and is among the materials; the frontend would have
 * read the Dockerfile as a local source of its own.
 */
function localNames(
  vertices: readonly Vertex[],
  {args, configSource, isLocalFile, isLocalContext}: RequestParameters,
): readonly string[] {
  const isLocal = (name: string): boolean =>
    name === 'context'
      ? configSource.uri === undefined
      : (args[`context:${name}`]?.startsWith('local:') ?? true);
  const read = [...(isLocalContext ? ['context'] : []), ...(isLocalFile ? ['dockerfile'] : [])];
  const names = vertices.flatMap(({op}) =>
    op.kind === 'source' && op.source.type === 'local' && isLocal(op.source.name) ? [op.source.name] : [],
  );
  return [...new Set([...names, ...read])].toSorted(byteOrder);
}

/** Id → whether every step can do without it. */
function mountIds(vertices: readonly Vertex[], type: 'secret' | 'ssh'): ReadonlyMap<string, boolean> {
  const ids = new Map<string, boolean>();
  const wanted = (mount: ExecMount): mount is Extract<ExecMount, {type: 'secret' | 'ssh'}> =>
    mount.type === type;
  for (const {op} of vertices) {
    if (op.kind !== 'exec') continue;
    for (const {id, required} of op.mounts.filter(wanted)) ids.set(id, (ids.get(id) ?? true) && !required);
  }
  return ids;
}

function namedIds(member: string, ids: ReadonlyMap<string, boolean>): Members {
  if (ids.size === 0) return {};
  const sorted = [...ids].toSorted(([a], [b]) => byteOrder(a, b));
  return {[member]: sorted.map(([id, optional]) => ({id, ...(optional ? {optional} : {})}))};
}

/** Proxies are of the machine, not of the image, and may hold a password. */
function isProxy(key: string): boolean {
  return /^build-arg:(?:https?|ftp|no|all)_proxy$/i.test(key);
}

function maskedMembers(value: Members): Members {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, masked(member)]));
}

function masked(value: Json | undefined): Json {
  if (typeof value === 'string') return withoutCredentials(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map(masked);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return maskedMembers(value as Members);
}

function timeText(milliseconds: number): string {
  return new Date(Math.floor(milliseconds)).toISOString();
}
