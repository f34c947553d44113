// One mistake hides no other: what is told once a file cannot be built.

import {expect, test} from 'vitest';
import {withFurtherMistakes} from '../../src/build/further-mistakes.ts';
import {BuildError, buildError} from '../../src/diagnostics/build-error.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {instructionSet} from '../../src/instructions/index.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';
import {planBuild} from '../../src/plan/plan-build.ts';
import {planRequestOf} from '../plan/plan-of.ts';

/** `LINE CODE` of everything that is told of `text`, in the order it is told. */
async function toldOf(text: string): Promise<readonly string[]> {
  const file = sourceFile('Dockerfile', text);
  const {dockerfile, diagnostics} = parseWithReaders(file);
  const [first, ...rest] = diagnostics.filter(({severity}) => severity === 'error');
  const error =
    first === undefined && dockerfile !== undefined
      ? await planBuild(planRequestOf(dockerfile), instructionSet).catch((thrown: unknown) => thrown)
      : first && new BuildError('user', [first, ...rest]);
  const told = await withFurtherMistakes(error, file, planRequestOf);
  if (!(told instanceof BuildError)) throw new Error('nothing is wrong with it', {cause: told});
  return told.diagnostics.map(({span, code}) => `${span?.line} ${code}`);
}

test('mistakes of reading and of planning are told together, in the order of the file', async () => {
  const text = 'FROM alpine\nEXPOSE 99999\nENV A\nCOPY --chmod=9 a b\nRUNN true\n';
  expect(await toldOf(text)).toEqual([
    '2 plan-port',
    '3 dockerfile-value-missing',
    '4 plan-file-mode',
    '5 dockerfile-unknown-instruction',
  ]);
});

test('a mistake in a reference, and one in an instruction', async () => {
  const text = 'FROM alpine\nCOPY --from=3 a b\nEXPOSE 99999\n';
  expect(await toldOf(text)).toEqual(['2 plan-stage-index', '3 plan-port']);
});

test('an image that is not there hides no mistakes', async () => {
  const text = 'FROM no-such-image\nEXPOSE 99999\n';
  expect(await toldOf(text)).toEqual(['1 source-not-found', '2 plan-port']);
});

test('stages that the target does not need are not looked at', async () => {
  const text = 'FROM alpine AS unused\nEXPOSE 99999\nFROM alpine\nCOPY --chmod=9 a b\nCOPY --from=7 a b\n';
  expect(await toldOf(text)).toEqual(['4 plan-file-mode', '5 plan-stage-index']);
});

test('what may follow from a line that was not read is not told', async () => {
  // The second line may have been the FROM of stage 1, the third may have set PORT.
  const text = 'FROM alpine\nFORM alpine\nENV PORT\nCOPY --from=1 a b\nEXPOSE $PORT\nEXPOSE ${PORT:?}\n';
  expect(await toldOf(text)).toEqual(['2 dockerfile-unknown-instruction', '3 dockerfile-value-missing']);
});

test('an instruction is told of once', async () => {
  expect(await toldOf('FROM alpine\nCOPY --from=3 --chmod=9 a b\n')).toEqual(['2 plan-stage-index']);
});

test('what is not about the file stays as it is', async () => {
  const file = sourceFile('Dockerfile', 'FROM alpine\nEXPOSE 99999\n');
  const error = buildError('environment', 'disk-full', 'no space left');
  expect(await withFurtherMistakes(error, file, planRequestOf)).toBe(error);
});
