// Base images without Docker Hub: made here from Debian packages, served by Debian's docker-registry on 127.0.0.1.
//
//   busybox   busybox-static with its applets as symlinks (about 2 MB)
//   debian    a minimal Debian made by mmdebstrap (only where asked for; about a minute, then kept)
//
// Everything lies below one state directory (default `.cache/bases`, ignored by git) and is made once. Any number of
// processes may use one state directory: what is made is made under a temporary name and renamed.
// On the command line: `node scripts/base-images.mjs [busybox] [debian]` serves the images until it is interrupted.

import {execFileSync, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..');
export const defaultState = join(repository, '.cache', 'bases');

// A fixed time, so that the same packages give the same digests on every machine and every day.
const epoch = 1_735_689_600;
const created = '2025-01-01T00:00:00Z';
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** Installs Debian packages whose command is missing; as an ordinary user, says in one line what to install. */
export function ensurePackages(wanted) {
  const missing = Object.entries(wanted).filter(
    ([command, name]) =>
      which(command) === undefined || (name === 'busybox-static' && needsLibraries(which(command))),
  );
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))];
  if (process.getuid?.() !== 0 || which('apt-get') === undefined) {
    throw new Error(`please install first: apt-get install ${packages.join(' ')}`);
  }
  const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'};
  // Another apt may be at work on this machine, or in another process of ours.
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  const install = ['install', '-y', '-qq', ...wait, '--no-install-recommends', ...packages];
  process.stderr.write(`installing ${packages.join(' ')}\n`);
  try {
    execFileSync('apt-get', install, {env, stdio: ['ignore', 'ignore', 'pipe']});
  } catch {
    // A new machine has no package lists yet.
    execFileSync('apt-get', ['update', '-qq'], {env, stdio: ['ignore', 'ignore', 'inherit']});
    execFileSync('apt-get', install, {env, stdio: ['ignore', 'ignore', 'inherit']});
  }
}

function needsLibraries(program) {
  return readFileSync(program).includes('/ld-linux');
}

/** The first executable of that name in PATH or the system's own folders. */
export function which(command) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

/**
 * Starts a registry with the images asked for and gives its address, a tsbuild configuration that takes docker.io
 * from it, and the function that stops it.
 */
export async function ensureRegistry({state = defaultState, images = ['busybox']} = {}) {
  ensurePackages({
    'docker-registry': 'docker-registry',
    busybox: 'busybox-static',
    ...(images.includes('debian') ? {mmdebstrap: 'mmdebstrap'} : {}),
  });
  mkdirSync(state, {recursive: true});
  const registry = await startRegistry(state);
  try {
    for (const image of images) {
      const maker = makers[image];
      if (maker === undefined) throw new Error(`no recipe for a base image called ${image}`);
      await pushImage(
        registry.address,
        `library/${image}`,
        maker.tags,
        await layerOf(state, image, maker),
        maker.config,
      );
    }
  } catch (error) {
    await registry.stop();
    throw error;
  }
  const config = join(registry.folder, 'tsbuild.toml');
  writeFileSync(config, mirrorConfig(registry.address));
  return {address: registry.address, config, pid: registry.pid, stop: registry.stop};
}

/** The part of a tsbuild.toml that sends docker.io to a registry without TLS. */
export function mirrorConfig(address) {
  return `[registry."docker.io"]\n  mirrors = ["${address}"]\n[registry."${address}"]\n  http = true\n`;
}

async function startRegistry(state) {
  const folder = mkdtempSync(join(state, 'serve-'));
  chmodSync(folder, 0o755);
  for (let attempt = 0; attempt < 5; attempt++) {
    const address = `127.0.0.1:${await freePort()}`;
    const settings = {
      version: '0.1',
      log: {level: 'warn', accesslog: {disabled: true}},
      storage: {filesystem: {rootdirectory: join(state, 'registry')}, cache: {blobdescriptor: 'inmemory'}},
      http: {addr: address, secret: 'bases'},
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'registry.yml'), JSON.stringify(settings));
    const log = openSync(join(folder, 'registry.log'), 'a');
    const child = spawn(which('docker-registry'), ['serve', join(folder, 'registry.yml')], {
      stdio: ['ignore', log, log],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const stop = async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, {recursive: true, force: true});
    };
    if (await answers(address, child)) return {address, pid: child.pid, folder, stop};
    child.kill('SIGKILL');
    await ended;
  }
  throw new Error(
    `docker-registry does not start: ${readFileSync(join(folder, 'registry.log'), 'utf8').trim()}`,
  );
}

async function answers(address, child) {
  for (let waited = 0; waited < 10_000 && child.exitCode === null; waited += 50) {
    const response = await fetch(`http://${address}/v2/`).catch(() => undefined);
    if (response?.ok) return true;
    await sleep(50);
  }
  return false;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

// ---- images

const makers = {
  busybox: {
    tags: ['latest', '1', 'stable', 'musl', 'glibc'],
    config: {Env: [path], Cmd: ['sh']},
    make: makeBusybox,
  },
  debian: {
    tags: ['latest', 'stable-slim', debianSuite()],
    config: {Env: [path], Cmd: ['bash']},
    make: makeDebian,
  },
};

/** The image's only layer as an uncompressed tar in the state directory; made when it is not there. */
async function layerOf(state, name, maker) {
  const file = join(state, `${name}.tar`);
  if (!existsSync(file)) {
    const work = mkdtempSync(join(state, `${name}-`));
    try {
      maker.make(work, join(work, 'layer.tar'));
      renameSync(join(work, 'layer.tar'), file);
    } finally {
      rmSync(work, {recursive: true, force: true});
    }
  }
  return file;
}

function makeBusybox(work, tar) {
  const root = join(work, 'root');
  for (const folder of [
    'bin',
    'dev',
    'etc',
    'home',
    'proc',
    'root',
    'sbin',
    'sys',
    'tmp',
    'usr/bin',
    'usr/sbin',
    'var/spool/mail',
  ]) {
    mkdirSync(join(root, folder), {recursive: true, mode: 0o755});
  }
  const busybox = which('busybox');
  execFileSync('install', ['-m', '755', busybox, join(root, 'bin/busybox')]);
  const applets = execFileSync(busybox, ['--list-full'], {encoding: 'utf8'}).split('\n').filter(Boolean);
  for (const applet of applets) {
    const link = join(root, applet);
    if (existsSync(link) || !/^(?:usr\/)?s?bin\//.test(applet)) continue;
    symlinkSync('/bin/busybox', link);
  }
  const users = [
    'root:x:0:0:root:/root:/bin/sh',
    'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
    'nobody:x:65534:65534:nobody:/home:/bin/false',
  ];
  const groups = ['root:x:0:', 'daemon:x:1:', 'users:x:100:', 'nobody:x:65534:'];
  writeFileSync(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(root, 'etc/group'), `${groups.join('\n')}\n`);
  writeFileSync(join(root, 'etc/shadow'), 'root:*:::::::\nnobody:*:::::::\n');
  execFileSync('chmod', ['-R', 'go-w,a+rX', root]);
  execFileSync('chmod', ['640', join(root, 'etc/shadow')]);
  execFileSync('chmod', ['1777', join(root, 'tmp')]);
  execFileSync('chmod', ['700', join(root, 'root')]);
  packTar(root, tar, ['--owner=0', '--group=0']);
}

function makeDebian(work, tar) {
  const root = join(work, 'root');
  const excluded = ['man', 'doc', 'locale', 'info'].map(
    (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
  );
  const stripped = ['dev/*', 'var/lib/apt/lists/*', 'var/cache/apt/*.bin', 'var/log/*.log', 'etc/hostname'];
  const strip = `rm -rf ${stripped.map((path) => `"$1"/${path}`).join(' ')}`;
  const hook = `--customize-hook=${strip}`;
  const flags = ['--quiet', '--variant=minbase', '--include=ca-certificates', ...excluded, hook];
  const env = {...process.env, SOURCE_DATE_EPOCH: String(epoch)};
  // As root a directory, packed like all others; else mmdebstrap packs from inside its own user namespace.
  const target = process.getuid?.() === 0 ? root : tar;
  execFileSync('mmdebstrap', [...flags, debianSuite(), target], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (target === root) packTar(root, tar, []);
}

function debianSuite() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return (/^ID=debian$/m.test(release) && /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]) || 'bookworm';
}

function packTar(root, tar, more) {
  const xattrs = ['--xattrs', '--xattrs-include=security.capability'];
  const stable = [
    '--numeric-owner',
    '--sort=name',
    '--format=posix',
    '--pax-option=delete=atime,delete=ctime',
  ];
  execFileSync('tar', [...stable, ...xattrs, `--mtime=@${epoch}`, ...more, '-C', root, '-cf', tar, '.']);
}

// ---- the registry's HTTP API (distribution spec)

/** Pushes an image of one layer under several tags; blobs that are there already are left alone. */
export async function pushImage(address, name, tags, layerTar, config) {
  const base = `http://${address}/v2/${name}`;
  const tagged = await fetch(`${base}/manifests/${tags[0]}`, {
    method: 'HEAD',
    headers: {accept: manifestType},
  });
  const tar = readFileSync(layerTar);
  const diffId = digestOf(tar);
  if (tagged.ok && (await diffIdsAt(base, tags[0])).join() === diffId) return;
  const layer = gzipSync(tar, {level: 6});
  const image = Buffer.from(
    JSON.stringify({
      architecture: {x64: 'amd64', arm64: 'arm64'}[process.arch] ?? process.arch,
      os: 'linux',
      created,
      config,
      rootfs: {type: 'layers', diff_ids: [diffId]},
      history: [
        {created, created_by: `ADD ${name} /`},
        {created, created_by: `CMD ${JSON.stringify(config.Cmd)}`, empty_layer: true},
      ],
    }),
  );
  for (const blob of [layer, image]) await pushBlob(base, blob);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(image),
      size: image.length,
    },
    layers: [
      {mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(layer), size: layer.length},
    ],
  });
  for (const tag of tags) {
    await expectOk(
      fetch(`${base}/manifests/${tag}`, {
        method: 'PUT',
        headers: {'content-type': manifestType},
        body: manifest,
      }),
    );
  }
}

async function diffIdsAt(base, tag) {
  const manifest = await (await fetch(`${base}/manifests/${tag}`, {headers: {accept: manifestType}})).json();
  const image = await (await fetch(`${base}/blobs/${manifest.config.digest}`)).json();
  return image.rootfs.diff_ids;
}

async function pushBlob(base, bytes) {
  const digest = digestOf(bytes);
  if ((await fetch(`${base}/blobs/${digest}`, {method: 'HEAD'})).ok) return;
  const session = await expectOk(fetch(`${base}/blobs/uploads/`, {method: 'POST'}));
  const target = new URL(session.headers.get('location'), base);
  target.searchParams.set('digest', digest);
  const headers = {'content-type': 'application/octet-stream'};
  await expectOk(fetch(target, {method: 'PUT', headers, body: bytes}));
}

async function expectOk(request) {
  const response = await request;
  if (!response.ok) throw new Error(`${response.status} from ${response.url}: ${await response.text()}`);
  return response;
}

function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const images = process.argv.slice(2);
  const registry = await ensureRegistry(images.length > 0 ? {images} : {});
  process.stdout.write(`serving on ${registry.address}; build with --config ${registry.config}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => registry.stop().then(() => process.exit(0)));
}
