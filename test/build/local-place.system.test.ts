// A directory as the context, and which file in it is the Dockerfile.

import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {dockerfileNames, localPlaceOf, readLocalDockerfile, unreadable} from '../../src/build/local-place.ts';
import type {BuildRequest} from '../../src/build/request.ts';
import {readGivenFile} from '../../src/store/given-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-place-'));
  mkdirSync(join(folder, 'ctx'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function request(dockerfile?: string): BuildRequest {
  const given = dockerfile === undefined ? {} : {dockerfile};
  return {workingDirectory: folder, ...given} as unknown as BuildRequest;
}

async function found(dockerfile?: string, context = 'ctx'): Promise<string> {
  const {path} = await readLocalDockerfile(await localPlaceOf(request(dockerfile), context, false), (path) =>
    readGivenFile(path),
  );
  return path;
}

describe('the Dockerfile', () => {
  it('is Dockerfile in the context, and dockerfile where there is none', async () => {
    writeFileSync(join(folder, 'ctx', 'dockerfile'), '');
    expect(await found()).toBe('ctx/dockerfile');
    writeFileSync(join(folder, 'ctx', 'Dockerfile'), '');
    expect(await found()).toBe('ctx/Dockerfile');
  });

  it('may be named in lower case where it was asked for with a capital', async () => {
    mkdirSync(join(folder, 'df'));
    writeFileSync(join(folder, 'df', 'dockerfile'), '');
    expect(await found('df/Dockerfile')).toBe('df/dockerfile');
    await expect(found('df/Other')).rejects.toThrow(
      'failed to read dockerfile: open df/Other: no such file or directory',
    );
  });

  it('that is not there is told by the name that was given', async () => {
    await expect(found('df/Dockerfile')).rejects.toThrow('open df/Dockerfile: no such file');
    await expect(found()).rejects.toThrow('ctx has no Dockerfile');
  });

  it.each(['Dockerfle', 'DOCKERFILE', 'Containerfile', 'app.dockerfile', 'Dockerfile.dev'])(
    'that is not there may have been meant to be %s',
    async (name) => {
      for (const other of [name, 'Dockerfile.dockerignore', 'Dockerfile.lock', 'package.json'])
        writeFileSync(join(folder, 'ctx', other), '');
      mkdirSync(join(folder, 'ctx', 'Dockerfil'));
      const hints = [`did you mean -f ctx/${name}?`];
      await expect(found()).rejects.toMatchObject({diagnostics: [{hints}]});
    },
  );

  it('that -f names wrongly may be a file beside it', async () => {
    writeFileSync(join(folder, 'ctx', 'prod.Dockerfile'), '');
    await expect(found('ctx/pord.Dockerfile')).rejects.toMatchObject({
      diagnostics: [{hints: ['did you mean -f ctx/prod.Dockerfile?']}],
    });
  });

  it('that is a directory is told so', async () => {
    mkdirSync(join(folder, 'ctx', 'Dockerfile'));
    await expect(found()).rejects.toThrow('open ctx/Dockerfile: is a directory');
  });

  it('that may not be read is told so', () => {
    expect(unreadable('Dockerfile', {code: 'EACCES'})).toMatchObject({
      message: 'failed to read dockerfile: open Dockerfile: permission denied',
      diagnostics: [{hints: ['make it readable: chmod a+r Dockerfile']}],
    });
  });

  it('is looked for in a fetched tree under the same names', () => {
    expect(dockerfileNames(request())).toEqual(['Dockerfile', 'dockerfile']);
    expect(dockerfileNames(request('a/Dockerfile'))).toEqual(['a/Dockerfile', 'a/dockerfile']);
    expect(dockerfileNames(request('Other'))).toEqual(['Other']);
  });
});

describe('a context', () => {
  it('that does not exist, or is a file, is an error', async () => {
    await expect(found(undefined, 'none')).rejects.toThrow('build context none does not exist');
    writeFileSync(join(folder, 'file'), '');
    await expect(found(undefined, 'file')).rejects.toThrow('build context file is not a directory');
  });

  it('needs no Dockerfile when its text came from elsewhere', async () => {
    expect(await localPlaceOf(request(), 'ctx', true)).toEqual({
      directory: join(folder, 'ctx'),
      dockerfile: undefined,
      shown: '-',
    });
  });
});
