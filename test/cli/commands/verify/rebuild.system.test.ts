// What verify --rebuild has built, seen by an engine that builds nothing.

import {spawnSync} from 'node:child_process';
import {
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {BuildRequest} from '../../../../src/build/request.ts';
import {verify} from '../../../../src/cli/commands/verify/verify.ts';
import {commandCall} from '../../command-call.ts';
import {memoryIo} from '../../memory-io.ts';

let folder: string;
let context: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-rebuild-'));
  context = join(folder, 'context');
  mkdirSync(context);
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

async function rebuilt(
  flags: readonly (readonly [string, string])[],
  seen: (request: BuildRequest) => void,
): Promise<void> {
  const call = commandCall(
    memoryIo({cwd: folder}),
    ['context'],
    [['rebuild', 'true'], ['root', join(folder, 'state')], ['progress', 'quiet'], ...flags],
  );
  const engine = async (request: BuildRequest): Promise<never> => {
    seen(request);
    return {} as never;
  };
  expect(await verify({...call, engine})).toBe(0);
}

async function outputOf(...flags: readonly (readonly [string, string])[]): Promise<unknown> {
  const seen: unknown[] = [];
  await rebuilt(flags, ({outputs: [output], tags}) => {
    seen.push([output?.type, Object.fromEntries(output?.options ?? []), tags]);
  });
  expect(seen[1]).toEqual(seen[0]);
  return seen[0];
}

describe('the output of verify --rebuild', () => {
  const tags = ['docker.io/library/rebuilt:latest'];

  it('is an image of the local store, and never goes into docker', async () => {
    const docker = ['image', {'oci-mediatypes': 'false'}, tags];
    expect(await outputOf(['output', 'type=docker'])).toEqual(docker);
    expect(await outputOf(['output', 'type=docker,dest=a.tar,name=a'])).toEqual(docker);
    expect(await outputOf(['load', 'true'])).toEqual(docker);
    expect(await outputOf()).toEqual(['image', {}, tags]);
  });

  it('keeps what shapes the image', async () => {
    const options = {compression: 'zstd', 'oci-mediatypes': 'true'};
    expect(await outputOf(['output', 'type=docker,compression=zstd,oci-mediatypes=true'])).toEqual([
      'image',
      options,
      tags,
    ]);
    // docker's form has no annotations, so there they ask for OCI's.
    expect(await outputOf(['output', 'type=docker'], ['annotation', 'a=b'])).toEqual([
      'image',
      expect.not.objectContaining({'oci-mediatypes': 'false'}),
      tags,
    ]);
  });
});

/** Everything in it with what a build sees of it. */
function entriesOf(directory: string): ReadonlyMap<string, object> {
  const names = readdirSync(directory, {recursive: true, encoding: 'utf8'}).sort();
  return new Map(
    names.map((name) => {
      const {mode, nlink, mtimeMs} = lstatSync(join(directory, name));
      return [name, {mode, nlink, mtimeMs}];
    }),
  );
}

/** The two contexts of a rebuild. */
async function contextsOf(...flags: readonly [string, string][]): Promise<ReadonlyMap<string, object>[]> {
  const seen: ReadonlyMap<string, object>[] = [];
  await rebuilt(flags, ({context: built}) => {
    if (built.type === 'directory') seen.push(entriesOf(resolve(folder, built.path)));
  });
  return seen;
}

describe('the second context of verify --rebuild', () => {
  beforeEach(() => {
    mkdirSync(join(context, 'sub/deep'), {recursive: true});
    mkdirSync(join(context, 'empty'), {mode: 0o700});
    writeFileSync(join(context, 'sub/deep/file'), 'content', {mode: 0o640});
    linkSync(join(context, 'sub/deep/file'), join(context, 'hard'));
    symlinkSync('nowhere', join(context, 'sub/soft'));
    expect(spawnSync('mkfifo', [join(context, 'pipe')]).status).toBe(0);
    for (const name of ['hard', 'sub/soft', 'sub/deep', 'sub', 'empty', 'pipe']) {
      lutimesSync(join(context, name), 1_600_000_000.25, 1_600_000_000.25);
    }
  });

  it('has the times of everything, and hard links and pipes as they are', async () => {
    const [first, second] = await contextsOf();
    expect(first?.size).toBe(7);
    expect(second).toEqual(first);
  });

  it('has with --touch new times of everything', async () => {
    const [, second] = await contextsOf(['touch', 'true']);
    for (const entry of second?.values() ?? []) {
      expect((entry as {mtimeMs: number}).mtimeMs).toBeGreaterThan(1_700_000_000_000);
    }
    expect(second?.size).toBe(7);
  });
});
