// Programs are found as a shell finds them, but in absolute folders only.

import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {findProgram} from '../../src/helper/find-program.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-program-'));
  for (const name of ['first', 'second']) await mkdir(join(folder, name));
});

afterEach(() => rm(folder, {recursive: true}));

async function placed(path: string, mode: number): Promise<void> {
  await writeFile(join(folder, path), '#!/bin/sh\n');
  await chmod(join(folder, path), mode);
}

describe('findProgram', () => {
  it('takes the first folder of PATH that has it as something to run', async () => {
    await placed('first/tool', 0o644);
    await placed('second/tool', 0o755);
    const found = await findProgram('tool', {PATH: `${folder}/first:${folder}/second`});
    expect(found).toBe(`${folder}/second/tool`);
  });

  it('finds nothing where PATH does not have it, or is not set', async () => {
    expect(await findProgram('tool', {PATH: `${folder}/first:${folder}/none`})).toBeUndefined();
    expect(await findProgram('tool', {})).toBeUndefined();
  });

  it('does not search folders that depend on the working directory', async () => {
    await placed('first/tool', 0o755);
    const up = `${'../'.repeat(process.cwd().split('/').length)}${folder}/first`;
    expect(await findProgram('tool', {PATH: `.:${up}`})).toBeUndefined();
  });
});
