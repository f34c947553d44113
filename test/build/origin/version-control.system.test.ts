import {existsSync, writeFileSync} from 'node:fs';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {versionControlOf} from '../../../src/build/origin/version-control.ts';
import {LocalRepository} from '../../support/local-repository.ts';

let own: LocalRepository;
beforeEach(() => {
  own = new LocalRepository();
});
afterEach(() => own[Symbol.dispose]());

const at = (...names: string[]): string => own.at(...names);

describe('what provenance says of the repository of a context', () => {
  const {signal} = new AbortController();
  const told = (path: string, more: Partial<Parameters<typeof versionControlOf>[0]> = {}) =>
    versionControlOf(
      {
        context: {type: 'directory', path},
        buildContexts: {},
        environment: {PATH: process.env['PATH']},
        workingDirectory: at('app'),
        ...more,
      },
      signal,
    );

  it('is the commit, the source without passwords, and where the directories are', async () => {
    const revision = own.make();
    own.git(at('app'), 'remote', 'add', 'origin', 'https://me:pw@example.com/r.git');
    expect(await told('.', {dockerfile: 'docker/Dockerfile'})).toEqual({
      revision,
      source: 'https://xxxxx@example.com/r.git',
      'localdir:context': '.',
      'localdir:dockerfile': 'docker',
    });
    own.git(at('app'), 'remote', 'set-url', 'origin', "https://me:p$w'd @example.com/r.git");
    expect(await told('.')).toMatchObject({source: 'https://xxxxx@example.com/r.git'});
    const buildContexts = {docs: 'docker', out: own.folder, image: 'docker-image://busybox'};
    expect(await told('docker', {buildContexts})).toMatchObject({
      'localdir:context': 'docker',
      'localdir:dockerfile': 'docker',
      'localdir:docs': 'docker',
    });
    expect(await told('docker', {buildContexts})).not.toHaveProperty('localdir:out');
    expect(await told('docker', {dockerfileText: 'FROM scratch'})).not.toHaveProperty('localdir:dockerfile');
  });

  it('is nothing where $BUILDX_GIT_INFO says so, and tells a dirty tree where that is asked for', async () => {
    const revision = own.make();
    const environment = {PATH: process.env['PATH'], BUILDX_GIT_CHECK_DIRTY: '1'};
    expect(await told('.', {environment: {BUILDX_GIT_INFO: 'false'}})).toEqual({});
    expect(await told('.', {environment})).toMatchObject({revision});
    writeFileSync(at('app', 'file'), 'b');
    expect(await told('.', {environment})).toMatchObject({revision: `${revision}-dirty`});
    expect(await told('.')).toMatchObject({revision});
  });

  it('runs no program that the repository names', async () => {
    const revision = own.make();
    own.git(at('app'), 'config', 'filter.x.clean', `touch ${at('ran')}; cat`);
    writeFileSync(at('app', '.gitattributes'), '* filter=x\n');
    writeFileSync(at('app', 'file'), 'b');
    const environment = {PATH: process.env['PATH'], BUILDX_GIT_CHECK_DIRTY: '1'};
    expect(await told('.', {environment})).toMatchObject({revision: `${revision}-dirty`});
    expect(existsSync(at('ran'))).toBe(false);
  });
});
