// An OCI layout with one image of one layer, for rows whose named context is one.

import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ownArchitecture} from '../../../fixtures/base-images.mjs';

const vendor = 'application/vnd.oci.image';

/** The image's name in the layout is `latest`. */
export function writeLayout(folder, files) {
  const tree = `${folder}.tree`;
  for (const path of [folder, tree]) rmSync(path, {recursive: true, force: true});
  mkdirSync(join(folder, 'blobs/sha256'), {recursive: true});
  mkdirSync(tree);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(tree, name), text, {mode: 0o644});
  const owner = ['--owner=0', '--group=0', '--mtime=@1600000000', '--sort=name'];
  const layer = execFileSync('tar', [...owner, '-cf', '-', '-C', tree, ...Object.keys(files)]);
  const blob = (type, bytes) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(folder, 'blobs/sha256', digest), bytes);
    return {mediaType: `${vendor}.${type}`, digest: `sha256:${digest}`, size: bytes.length};
  };
  const json = (type, value) => blob(type, Buffer.from(JSON.stringify(value)));
  const layers = [blob('layer.v1.tar', layer)];
  const rootfs = {type: 'layers', diff_ids: layers.map(({digest}) => digest)};
  const config = json('config.v1+json', {architecture: ownArchitecture, os: 'linux', config: {}, rootfs});
  const mediaType = `${vendor}.manifest.v1+json`;
  const manifest = json('manifest.v1+json', {schemaVersion: 2, mediaType, config, layers});
  const named = {...manifest, annotations: {'org.opencontainers.image.ref.name': 'latest'}};
  writeFileSync(join(folder, 'index.json'), JSON.stringify({schemaVersion: 2, manifests: [named]}));
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({imageLayoutVersion: '1.0.0'}));
}
