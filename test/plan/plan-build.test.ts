// Planning takes whatever the parser takes: the result is a plan or a BuildError, nothing else.

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {BuildError} from '../../src/diagnostics/build-error.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import type {Vertex} from '../../src/graph/vertex.ts';
import {parseWithReaders} from '../../src/instructions/readers.ts';
import {planOf, verticesOf} from './plan-of.ts';

const word = fc.oneof(
  fc.constantFrom(
    'a',
    '/b',
    '$a',
    '${a:-x}',
    '${a?no}',
    '"q r"',
    '.',
    '..',
    '/',
    '*',
    'https://x/y',
    'g@h:i',
    '0',
    '1',
  ),
  fc.constantFrom(
    'busybox',
    'scratch',
    's',
    'S',
    'A::b',
    '80/tcp',
    '8-9',
    "'",
    '\\',
    '[]',
    '["x"]',
    'x=1',
    'y=$x',
    '<<E',
  ),
  fc.string({maxLength: 6}),
);
const keyword = fc.constantFrom(
  'RUN',
  'COPY',
  'ADD',
  'ENV',
  'LABEL',
  'ARG',
  'CMD',
  'ENTRYPOINT',
  'SHELL',
  'WORKDIR',
  'USER',
  'EXPOSE',
  'VOLUME',
  'STOPSIGNAL',
  'HEALTHCHECK CMD',
  'ONBUILD COPY --from=s',
  'ONBUILD RUN',
  'FROM',
);
const flag = fc.constantFrom(
  '',
  '--from=s ',
  '--from=0 ',
  '--from=nope ',
  '--link ',
  '--parents ',
  '--chmod=$a ',
  '--mount=type=cache,target=$a ',
  '--mount=from=s,target=/m ',
  '--mount=type=secret,id=i ',
  '--network=host ',
  '--platform=$a ',
);
const line = fc
  .tuple(keyword, flag, fc.array(word, {maxLength: 3}))
  .map(([name, options, words]) => `${name} ${options}${words.join(' ')}`);
const file = fc
  .tuple(
    fc.constantFrom('', 'ARG a=busybox\n'),
    fc.array(line, {maxLength: 5}),
    fc.array(line, {maxLength: 5}),
  )
  .map(
    ([args, first, second]) =>
      `${args}FROM busybox AS s\n${first.join('\n')}\nFROM scratch\n${second.join('\n')}`,
  );

function parses(text: string): boolean {
  return parseWithReaders(sourceFile('Dockerfile', text)).dockerfile !== undefined;
}

describe('planBuild', () => {
  it('gives a plan or a BuildError for every file that parses', async () => {
    await fc.assert(
      fc.asyncProperty(file.filter(parses), async (text) => {
        try {
          await planOf(text);
        } catch (error) {
          expect(error).toBeInstanceOf(BuildError);
        }
      }),
      {numRuns: 60},
    );
  }, 30_000);

  it('gives the same graph twice, in which equal vertices are one', async () => {
    await fc.assert(
      fc.asyncProperty(file.filter(parses), async (text) => {
        const plans = await Promise.allSettled([planOf(text), planOf(text)]);
        const [first, second] = plans.flatMap((plan) => (plan.status === 'fulfilled' ? [plan.value] : []));
        if (first === undefined || second === undefined) return;
        const ids = (vertices: readonly Vertex[]) => vertices.map((vertex) => vertex.id);
        expect(ids(verticesOf(second))).toEqual(ids(verticesOf(first)));
        expect(new Set(ids(verticesOf(first))).size).toBe(verticesOf(first).length);
        expect(second.config).toEqual(first.config);
      }),
      {numRuns: 30},
    );
  }, 30_000);
});
