// An image that moves: one name, another layer each time it is pushed.

import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ownArchitecture} from '../../../fixtures/base-images.mjs';
import {pushImage} from '../../../fixtures/push-image.mjs';

export async function pushMovingBase(address, folder, name, version) {
  const work = join(folder, `${name}-${version}`);
  mkdirSync(work, {recursive: true});
  writeFileSync(join(work, 'version'), version);
  const tar = `${work}.tar`;
  execFileSync('tar', ['--owner=0', '--group=0', '--mtime=@1600000000', '-cf', tar, '-C', work, 'version']);
  await pushImage(address, `library/${name}`, ['latest'], {[ownArchitecture]: [tar]}, {});
}
