// Two hundred layers: more than one page of mount options, more than docker's 127, every one of them visible at the
// end.

import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {namesOf, type Workspace, workspaceWithBases} from './command.ts';
import {readLayout} from './image.ts';

const count = 200;
let space: Workspace;
let context: string;

beforeAll(async () => {
  space = await workspaceWithBases();
  const steps = Array.from({length: count}, (_, n) => `RUN echo ${n} > /chain-${n}\n`);
  const check = `RUN for n in $(seq 0 ${count - 1}); do test "$(cat /chain-$n)" = $n || exit 1; done; rm /chain-0\n`;
  context = await space.context({Dockerfile: `FROM busybox\n${steps.join('')}${check}`});
});
afterAll(async () => {
  await space?.[Symbol.asyncDispose]();
});

it(`a chain of ${count} steps builds, is cached, and exports whole`, async () => {
  const first = await space.build([context]);
  expect(namesOf(first.steps, 'done')).toHaveLength(count + 1);
  const dest = join(space.folder, 'layout');
  const second = await space.build(['-o', `type=oci,dest=${dest},tar=false`, context]);
  expect(namesOf(second.steps, 'done')).toEqual([]);
  expect(readLayout(dest).layers).toHaveLength(count + 2);
  const files = join(space.folder, 'files');
  await space.build(['-o', files, context]);
  expect(readdirSync(files).filter((name) => name.startsWith('chain-'))).toHaveLength(count - 1);
  expect(await space.leftovers()).toEqual([]);
});
