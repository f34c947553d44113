// An image of a row's own in the registry, which can become another one under the same name.

import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ownArchitecture} from '../../../fixtures/base-images.mjs';
import {pushImage} from '../../../fixtures/push-image.mjs';

/** A tar with one file in it that says which version it is. */
export async function pushMovingBase(address, folder, name, {version, config = {}}) {
  const work = join(folder, `${name}-${version}`);
  mkdirSync(work, {recursive: true});
  writeFileSync(join(work, 'version'), `${name} ${version}`);
  const tar = `${work}.tar`;
  execFileSync('tar', ['--owner=0', '--group=0', '--mtime=@1600000000', '-cf', tar, '-C', work, 'version']);
  await pushImage(address, `library/${name}`, ['latest'], {[ownArchitecture]: [tar]}, config);
}
