import {expect, it} from 'vitest';
import {BuildError} from '../../../src/diagnostics/build-error.ts';
import {sourceFile} from '../../../src/diagnostics/source-file.ts';
import type {Vertex} from '../../../src/graph/vertex.ts';
import type {Platform} from '../../../src/oci/platform.ts';
import {Emulation} from '../../../src/ops/exec/emulation.ts';
import {requireRunnable} from '../../../src/ops/exec/runnable-steps.ts';
import type {Miss} from '../../../src/solver/look-up.ts';
import {planOf, verticesOf} from '../../plan/plan-of.ts';

const text = 'FROM busybox\nCOPY a /a\nRUN first\nRUN second\n';
const nobody = new Emulation({os: 'linux', architecture: 'amd64'}, async () => ({
  enabled: true,
  entries: [],
}));

async function stepsFor(architecture: string): Promise<readonly Vertex[]> {
  const targetPlatform: Platform = {os: 'linux', architecture};
  return verticesOf(await planOf(text, {targetPlatform}));
}

const misses = (vertices: readonly Vertex[], sure = true): readonly Miss<Vertex>[] =>
  vertices.map((vertex) => ({vertex, isSure: () => sure}));

async function failureOf(vertices: readonly Vertex[]): Promise<BuildError> {
  const error = await requireRunnable(misses(vertices), nobody, sourceFile('Dockerfile', text)).catch(
    (e: unknown) => e,
  );
  if (!(error instanceof BuildError)) throw new Error(`expected a BuildError, got ${error}`);
  return error;
}

it('the first RUN of each platform that cannot run here is named, with its place', async () => {
  const steps = [...(await stepsFor('amd64')), ...(await stepsFor('riscv64')), ...(await stepsFor('s390x'))];
  const {kind, diagnostics} = await failureOf(steps);
  expect(kind).toBe('environment');
  expect(diagnostics.map(({message}) => /linux\/\w+/.exec(message)?.[0])).toEqual([
    'linux/riscv64',
    'linux/s390x',
  ]);
  expect(diagnostics.map(({span}) => span?.line)).toEqual([3, 3]);
});

it('copying for another machine needs no emulator', async () => {
  const copies = (await stepsFor('riscv64')).filter(({op}) => op.kind !== 'exec');
  expect(copies.length).toBeGreaterThan(0);
  await expect(
    requireRunnable(misses(copies), nobody, sourceFile('Dockerfile', text)),
  ).resolves.toBeUndefined();
});

it('a step that may be found in the cache yet keeps nothing from running', async () => {
  const steps = misses(await stepsFor('riscv64'), false);
  await expect(requireRunnable(steps, nobody, sourceFile('Dockerfile', text))).resolves.toBeUndefined();
});
