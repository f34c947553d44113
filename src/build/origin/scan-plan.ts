// Bills of materials by images of scanners, in BuildKit's protocol (its docs/attestations/sbom-protocol.md): the scanner
// sees the file system of the image, read-only, and writes statements into a directory. It is a step of the build like
// any other: what makes it is in its key, so the same image is scanned once.

import type {SbomGenerator} from '../../attestation/attest-request.ts';
import {buildError} from '../../diagnostics/build-error.ts';
import type {ExecMount, ExecOp, FileOp} from '../../graph/op.ts';
import {type Vertex, vertex} from '../../graph/vertex.ts';
import {hostPlatform} from '../../oci/platform.ts';
import type {Plan, PlanRequest, ResolvedImage} from '../../plan/plan.ts';

const places = {core: '/run/src/core/sbom', extras: '/run/src/extras/', destination: '/run/out/'} as const;
const extraPrefix = 'sbom-';

type ScanContext = Pick<PlanRequest, 'resolveImage' | 'extraHosts' | 'shmSizeBytes' | 'ulimits'>;

/** A plan whose result is what the scanner says of the result of `plan`. */
export async function scanPlan(plan: Plan, generator: SbomGenerator, context: ScanContext): Promise<Plan> {
  const image = await context.resolveImage(generator.image, hostPlatform());
  const {reference, manifestDigest, platform} = image;
  const named = (name: string) => ({name: `[sbom] ${name}`});
  const source = vertex(
    {kind: 'source', source: {type: 'image', reference, manifestDigest, platform}},
    [],
    named(`FROM ${reference}@${manifestDigest}`),
  );
  const prepared = vertex(makeDestination, [source], named(`mkdir ${places.destination}`));
  const scanned = plan.scanned ?? [];
  const inputs: Vertex[] = [prepared];
  const mountOf = (input: Vertex | undefined, target: string): ExecMount => {
    const index = input === undefined ? -1 : inputs.push(input) - 1;
    return {type: 'bind', target, input: index, source: '/', readonly: true};
  };
  const mounts = [
    mountOf(plan.vertex, places.core),
    ...scanned.map(({name, vertex: extra}) => mountOf(extra, `${places.extras}${extraPrefix}${name}`)),
  ];
  const run = vertex(
    scanOp(image, generator, mounts, context),
    inputs,
    named(`generating sbom using ${generator.image}`),
  );
  const result = vertex(takeResults, [run], named('take what it found'));
  return {...plan, vertex: result};
}

function scanOp(
  {config: {config}, platform}: ResolvedImage,
  {image, parameters}: SbomGenerator,
  mounts: readonly ExecMount[],
  {extraHosts, shmSizeBytes, ulimits}: ScanContext,
): ExecOp {
  const args = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (args.length === 0)
    throw buildError('user', 'sbom-no-command', `the scanner ${image} has no command of its own`);
  return {
    kind: 'exec',
    args,
    env: [
      ...(config.Env ?? []),
      `BUILDKIT_SCAN_SOURCE=${places.core}`,
      `BUILDKIT_SCAN_SOURCE_EXTRAS=${places.extras}`,
      `BUILDKIT_SCAN_DESTINATION=${places.destination}`,
      ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
    ],
    cwd: config.WorkingDir || '/',
    user: config.User ?? '',
    hostname: 'buildkitsandbox',
    network: 'default',
    security: 'sandbox',
    mounts: [...mounts, {type: 'tmpfs', target: '/tmp', sizeBytes: 0}],
    extraHosts,
    proxyEnv: [],
    shmSizeBytes,
    ulimits,
    platform,
    rootInput: 0,
  };
}

const makeDestination: FileOp = {
  kind: 'file',
  base: 0,
  actions: [{type: 'make-directory', path: places.destination, unknownOwner: 'error'}],
};

const takeResults: FileOp = {
  kind: 'file',
  base: -1,
  actions: [
    {
      type: 'copy',
      input: 0,
      sources: [{path: places.destination, wildcard: false}],
      destination: '/',
      unpack: false,
      parents: false,
      excludes: [],
    },
  ],
};
