// Everything that a layer can hold, through every compression and archive: unpacked by other tools, and loaded,
// imported, pulled, unpacked and built on by us, it is the same file by file.

import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {whyNoTrees} from '../support/tree-world.ts';
import {repository, type Workspace, workspaceWithBases} from './command.ts';
import {startDocker} from './docker.ts';
import {needCommand} from './requirements.ts';

interface Listed {
  readonly mode: string;
  readonly mtime: number;
  readonly sparse: boolean;
  readonly names?: readonly string[];
}
type Listing = Readonly<Record<string, Listed>>;

const script = join(repository, 'test/support/odd-tree.py');
const compressions = ['gzip', 'zstd', 'estargz', 'uncompressed'] as const;

function list(folder: string): Listing {
  const text = execFileSync('python3', [script, 'list', folder], {encoding: 'utf8', maxBuffer: 1 << 26});
  return JSON.parse(text) as Listing;
}

/** Where the holes are is nothing that a tar of a layer says. */
const withoutHoles = (listing: Listing): unknown =>
  Object.fromEntries(Object.entries(listing).map(([path, {sparse: _, ...rest}]) => [path, rest]));

const holesOf = (listing: Listing): string[] =>
  Object.keys(listing)
    .filter((path) => listing[path]?.sparse === true)
    .sort();

const attributes = ['--xattrs', '--xattrs-include=*', '--numeric-owner'];

function unpack(tar: string, folder: string): void {
  mkdirSync(folder);
  // GNU tar warns of times that it does not believe.
  execFileSync('tar', [...attributes, '-xpf', tar, '-C', folder], {stdio: 'pipe'});
}

/** Docker and podman know no time before 1970. */
const sinceTheEpoch = (listing: Listing): Listing =>
  Object.fromEntries(
    Object.entries(listing).map(([path, entry]) => [path, {...entry, mtime: Math.max(0, entry.mtime)}]),
  );

/** The directories whose time a step of the build changed. */
function timesOf(listing: Listing, paths: readonly string[]): Record<string, number | undefined> {
  return Object.fromEntries(paths.map((path) => [path, listing[path]?.mtime]));
}

describe.skipIf(whyNoTrees() !== undefined)('a layer of everything', () => {
  let space: Workspace;
  let expected: Listing;
  const at = (name: string): string => join(space.folder, name);

  beforeAll(async () => {
    space = await workspaceWithBases();
    const context = await space.context({
      Dockerfile:
        'FROM busybox\nADD tree.tar /t/\n' +
        'RUN ln /t/link/lone /t/link/across && rm /t/time/epoch && chmod 4711 /t/mode/none\n',
    });
    execFileSync('python3', [script, 'make', at('tree')]);
    const tar = join(context, 'tree.tar');
    execFileSync('tar', ['--format=posix', ...attributes, '--sparse', '-C', at('tree'), '-cf', tar, '.']);
    const outputs = compressions.flatMap((compression) => [
      '-o',
      `type=oci,tar=false,dest=${at(compression)},compression=${compression},force-compression=true`,
    ]);
    const others = [`type=tar,dest=${at('files.tar')}`, `type=docker,dest=${at('docker.tar')}`, 'type=image'];
    const all = [...outputs, ...others.flatMap((output) => ['-o', output])];
    await space.build(['-t', 'odd:1', ...all, context]);
    unpack(at('files.tar'), at('files'));
    const made = list(at('tree'));
    const {'time/epoch': _, ...kept} = made;
    const names = ['link/across', 'link/lone'];
    const files = list(join(at('files'), 't'));
    const lone = {...made['link/lone'], names} as Listed;
    const changed = timesOf(files, ['link', 'time']);
    expected = {
      ...kept,
      'link/lone': lone,
      'link/across': lone,
      'mode/none': {...made['mode/none'], mode: '0o104711'} as Listed,
      link: {...made['link'], mtime: changed['link']} as Listed,
      time: {...made['time'], mtime: changed['time']} as Listed,
    };
    expect(withoutHoles(files)).toEqual(withoutHoles(expected));
  });
  afterAll(async () => {
    await space?.[Symbol.asyncDispose]();
  });

  it.for(['gzip', 'estargz', 'uncompressed'])('umoci unpacks it from %s', (compression, test) => {
    const umoci = needCommand(test, 'umoci');
    const bundle = at(`umoci-${compression}`);
    execFileSync(umoci, ['unpack', '--image', `${at(compression)}:1`, bundle], {stdio: 'pipe'});
    expect(withoutHoles(list(join(bundle, 'rootfs/t')))).toEqual(withoutHoles(expected));
  });

  it.for(['gzip', 'zstd'])('podman unpacks it from %s', (compression, test) => {
    const program = needCommand(test, 'podman');
    const places = ['--root', at(`podman-${compression}`), '--runroot', at(`podman-${compression}-run`)];
    const podman = (...words: string[]): string =>
      execFileSync(program, [...places, '--storage-driver', 'vfs', ...words], {
        encoding: 'utf8',
        stdio: 'pipe',
        // Podman takes no capital letters in the path of a layout.
        cwd: space.folder,
      }).trim();
    const id = podman('pull', '-q', `oci:${compression}:1`);
    const found = list(join(podman('image', 'mount', id), 't'));
    expect(withoutHoles(sinceTheEpoch(found))).toEqual(withoutHoles(sinceTheEpoch(expected)));
    podman('image', 'unmount', id);
  });

  it('skopeo copies it out of the docker archive, and umoci unpacks it', (test) => {
    const [skopeo, umoci] = [needCommand(test, 'skopeo'), needCommand(test, 'umoci')];
    const copy = ['copy', '-q', '--insecure-policy', `docker-archive:${at('docker.tar')}`];
    execFileSync(skopeo, [...copy, `oci:${at('skopeo')}:1`], {stdio: 'pipe'});
    execFileSync(umoci, ['unpack', '--image', `${at('skopeo')}:1`, at('umoci-skopeo')], {stdio: 'pipe'});
    expect(withoutHoles(list(at('umoci-skopeo/rootfs/t')))).toEqual(withoutHoles(expected));
  });

  it('docker loads the archive, and exports it', async (test) => {
    await using docker = await startDocker(test, space);
    docker.call('load', '-q', '-i', at('docker.tar'));
    const container = docker.call('create', 'odd:1');
    docker.call('export', '-o', at('docker-files.tar'), container);
    docker.call('rm', container);
    unpack(at('docker-files.tar'), at('docker-files'));
    const found = list(at('docker-files/t'));
    expect(withoutHoles(sinceTheEpoch(found))).toEqual(withoutHoles(sinceTheEpoch(expected)));
  });

  it('it is saved, loaded, exported and imported, and is the same each time', async () => {
    const ran = async (words: readonly string[], root: string): Promise<void> => {
      const {code, stderr} = await space.run(words, {root: at(root)});
      expect(code, stderr).toBe(0);
    };
    const same = (name: string): void => {
      unpack(at(`${name}.tar`), at(name));
      expect(withoutHoles(list(at(`${name}/t`)))).toEqual(withoutHoles(expected));
    };
    await ran(['save', '-o', at('saved.tar'), 'odd:1'], 'state');
    await ran(['load', '-q', '-i', at('saved.tar')], 'loaded');
    await ran(['export', '-o', at('of-saved.tar'), 'odd:1'], 'loaded');
    same('of-saved');
    await ran(['import', at('of-saved.tar'), 'odd:imported'], 'loaded');
    await ran(['export', '-o', at('of-import.tar'), 'odd:imported'], 'loaded');
    same('of-import');
  });

  it.for(compressions)('we unpack it from %s and build on it', async (compression, test) => {
    const umoci = needCommand(test, 'umoci');
    const context = await space.context({
      Dockerfile:
        'FROM before AS changed\nRUN ln /t/link/a/one /t/link/fourth && rm /t/own/max\n' +
        'FROM scratch\nCOPY --from=changed /t /t\n',
    });
    const root = at(`state-${compression}`);
    const dest = at(`on-${compression}`);
    const before = `before=oci-layout://${at(compression)}:1`;
    const output = `type=oci,tar=false,dest=${dest}`;
    await space.build(['-t', 'on:1', '--build-context', before, '-o', output, context], {root});
    const layer = readdirSync(join(root, 'layers'))
      .map((id) => join(root, 'layers', id, 'fs/t'))
      .find((folder) => existsSync(join(folder, 'attr')));
    expect(holesOf(list(layer ?? ''))).toEqual(['hole/all', 'hole/middle']);
    const bundle = at(`bundle-${compression}`);
    execFileSync(umoci, ['unpack', '--image', `${dest}:1`, bundle], {stdio: 'pipe'});
    const found = list(join(bundle, 'rootfs/t'));
    const {'own/max': _, ...kept} = expected;
    const {mtime} = found['link'] as Listed;
    const copiedUp = {...expected['link/a/one'], names: ['link/a/one', 'link/fourth']};
    const below = {...expected['link/three'], names: ['link/b/two', 'link/three']};
    expect(withoutHoles(found)).toEqual(
      withoutHoles({
        ...kept,
        'link/a/one': copiedUp as Listed,
        'link/fourth': copiedUp as Listed,
        'link/b/two': below as Listed,
        'link/three': below as Listed,
        link: {...expected['link'], mtime} as Listed,
        own: {...expected['own'], mtime: found['own']?.mtime} as Listed,
      }),
    );
  });
});
