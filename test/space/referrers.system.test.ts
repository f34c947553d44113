// Manifests that are about an image (signatures, attestations as OCI artifacts) are no garbage while it is there.

import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {HelperProcess} from '../../src/helper/helper-process.ts';
import {locateHelper} from '../../src/helper/locate-helper.ts';
import {type Digest, digestOf, hexOf} from '../../src/oci/digest.ts';
import {parseFilters} from '../../src/space/filter.ts';
import {fsck} from '../../src/space/fsck.ts';
import {Space} from '../../src/space/space.ts';
import {imageStoreOf} from '../../src/store/image-store.ts';
import {openStateDirectory, type StateDirectory} from '../../src/store/state-directory.ts';
import {systemClock} from '../../src/util/clock.ts';

const never = new AbortController().signal;
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
let folder: string;
let state: StateDirectory;
let helper: HelperProcess;
let space: Space;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsbuild-referrers-'));
  state = openStateDirectory(folder);
  helper = new HelperProcess({path: locateHelper(process.env)});
  space = new Space({state, helper: async () => helper, clock: systemClock});
});
afterEach(async () => {
  await helper.close();
  state[Symbol.dispose]();
  rmSync(folder, {recursive: true, force: true});
});

function blob(content: string | object): {digest: Digest; size: number; path: string} {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const digest = digestOf(text);
  const path = join(folder, 'blobs', 'sha256', hexOf(digest));
  writeFileSync(path, text);
  return {digest, size: text.length, path};
}

/** A manifest of one layer, about something else where that is given. */
function manifest(layer: string, subject?: Digest): {digest: Digest; size: number; paths: string[]} {
  const content = blob(layer);
  const made = blob({
    schemaVersion: 2,
    mediaType: manifestType,
    layers: [{digest: content.digest, size: content.size}],
    ...(subject === undefined ? {} : {subject: {digest: subject, size: 1}}),
  });
  return {...made, paths: [content.path, made.path]};
}

const prune = () => space.prune({all: true, filter: parseFilters([])}, never);

it('what is about an image stays with it, and goes with it', async () => {
  const image = manifest('image');
  const signature = manifest('signature', image.digest);
  const ofSignature = manifest('about the signature', signature.digest);
  const stray = manifest('about nothing', digestOf('nobody has this'));
  const images = imageStoreOf(state.database, folder);
  for (const name of ['docker.io/library/a:1', 'docker.io/library/a:2']) {
    images.tag(name, {mediaType: manifestType, digest: image.digest, size: image.size}, 1);
  }
  const kept = [...image.paths, ...signature.paths, ...ofSignature.paths];

  const findings = await fsck({state, helper: async () => helper, deep: false, repair: false}, never);
  expect(findings.map(({name}) => name).toSorted()).toEqual(
    stray.paths.map((path) => path.slice(-64)).toSorted(),
  );
  await prune();
  expect(kept.filter((path) => !existsSync(path))).toEqual([]);
  expect(stray.paths.filter((path) => existsSync(path))).toEqual([]);

  images.untag('docker.io/library/a:1');
  await prune();
  expect(kept.filter((path) => !existsSync(path))).toEqual([]);

  images.untag('docker.io/library/a:2');
  await prune();
  expect(kept.filter((path) => existsSync(path))).toEqual([]);
});
