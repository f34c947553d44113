// What can be told without the helper: versions, the state directory, emulators, programs, configuration.

import {existsSync, mkdtempSync, rmdirSync, statfsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {release} from 'node:os';
import {dirname, join} from 'node:path';
import {loadConfig} from '../../config/load-config.ts';
import {findProgram} from '../../helper/find-program.ts';
import {runGit} from '../../helper/git-process.ts';
import {formatPlatform, hostPlatform, type Platform, parsePlatform} from '../../oci/platform.ts';
import {Emulation} from '../../ops/exec/emulation.ts';
import {bytesText} from '../../progress/figures.ts';
import {userCredentials} from '../../sources/registry/docker-credentials.ts';
import {errorText} from '../../util/error-text.ts';
import {asRoot, type Host, isNested, programOf} from './host.ts';
import {deviceNodes, nodeCommand} from './remedies.ts';
import {type Finding, finding} from './report.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** mount_setattr(2), and overlay in user namespaces; one `lowerdir+` a layer. */
const kernelNeeded = [5, 12] as const;
const kernelBest = [6, 7] as const;

export function checkKernel(version: string = release()): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isAtLeast = ([wantedMajor, wantedMinor]: readonly [number, number]): boolean =>
    major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (!isAtLeast(kernelNeeded)) {
    const fix = 'install a kernel of 5.12 or newer';
    return finding('kernel', 'missing', `Linux ${version}: 5.12 is needed`, {fix, needed: true});
  }
  const detail = isAtLeast(kernelBest)
    ? ''
    : '; from 6.7 on, images of many layers are mounted a little faster';
  return finding('kernel', 'ok', `Linux ${version}${detail}`, {needed: true});
}

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 18))
    return finding('node', 'ok', `Node ${version}`, {needed: true});
  const fix = 'install Node 20.18 or newer';
  return finding('node', 'missing', `Node ${version}: 20.18 is needed`, {fix, needed: true});
}

const fileTypes = 0o170000;
const characterDevice = 0o020000;

/** Root makes those of sandboxes itself, an ordinary user's are the machine's; and programs want /dev/null. */
export function checkDevices(host: Host): Finding {
  const absent = Object.keys(deviceNodes).filter(
    (name) => ((host.mode(`/dev/${name}`) ?? 0) & fileTypes) !== characterDevice,
  );
  const needed = host.uid !== 0 || isNested(host);
  if (absent.length === 0) return finding('devices', 'ok', Object.keys(deviceNodes).join(', '), {needed});
  const detail = `no ${absent.map((name) => `/dev/${name}`).join(', ')}`;
  return finding('devices', needed ? 'missing' : 'warning', detail, {fix: nodeCommand(host, absent), needed});
}

const fewFiles = 256;

/** Node takes what the hard limit allows. */
export function checkOpenFiles(host: Host): Finding {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(host.text('/proc/self/limits'))?.[1] ?? 'unlimited';
  if (!(Number(hard) < fewFiles)) return finding('open files', 'ok', `${hard} at most`);
  const detail = `${hard} at most: a build with many steps or layers may need more`;
  return finding('open files', 'warning', detail, {
    fix: asRoot(host, `prlimit --pid ${host.pid} --nofile=65536:65536`),
  });
}

const littleSpaceBytes = 2e9;
/** Magic numbers of statfs(2) that people meet. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  16914836: 'tmpfs',
  2035054128: 'overlay',
  26985: 'nfs',
  4076150800: 'f2fs',
};

/** The directory, or the nearest one above it that exists: the doctor makes none. */
export function existingAncestor(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : existingAncestor(dirname(path));
}

/** By trying: the permissions of root say nothing, nor do those of a file system that is mounted read-only. */
export function isWritable(directory: string): boolean {
  try {
    rmdirSync(mkdtempSync(join(directory, '.tsbuild-doctor-')));
    return true;
  } catch {
    return false;
  }
}

export function checkStateDirectory(root: string): Finding {
  const there = existingAncestor(root);
  if (!isWritable(there)) {
    const fix = 'choose another one with --root DIR or TSBUILD_ROOT';
    return finding('state directory', 'missing', `${root}: ${there} is not writable`, {fix, needed: true});
  }
  const {bavail, bsize, type} = statfsSync(there);
  const free = bavail * bsize;
  const where = there === root ? root : `${root} (not made yet)`;
  const detail = `${where}: ${bytesText(free)} free on ${fileSystems[type] ?? `file system 0x${type.toString(16)}`}`;
  if (free >= littleSpaceBytes) return finding('state directory', 'ok', detail, {needed: true});
  return finding('state directory', 'warning', detail, {
    fix: 'free some space, or choose another --root',
    needed: true,
  });
}

const commonPlatforms = 'amd64 386 arm64 arm/v7 riscv64 ppc64le s390x loong64';

export async function checkPlatforms(host: Host, emulation = new Emulation()): Promise<Finding> {
  const runnable: string[] = [];
  let unseen = false;
  for (const name of commonPlatforms.split(' ')) {
    const platform = parsePlatform(`linux/${name}`) as Platform;
    if ((await emulation.problemAfterFailure(platform)) === undefined)
      runnable.push(formatPlatform(platform));
    else if ((await emulation.problemOf(platform)) === undefined) unseen = true;
  }
  const list = `runs programs for ${runnable.join(', ')}`;
  if (unseen) {
    const load = /\bbinfmt_misc$/m.test(host.text('/proc/filesystems')) ? '' : 'modprobe binfmt_misc && ';
    const fix = asRoot(host, `${load}mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc`);
    return finding('platforms', 'warning', `${list}; emulators cannot be seen here`, {fix});
  }
  const own = hostPlatform().architecture;
  if (runnable.some((name) => !name.startsWith(`linux/${own}`) && name !== 'linux/386'))
    return finding('platforms', 'ok', list);
  const fix = asRoot(host, 'apt install qemu-user-static binfmt-support');
  return finding('platforms', 'warning', `${list}; no emulators are registered`, {fix});
}

export async function checkGit(host: Host, environment: Environment, signal: AbortSignal): Promise<Finding> {
  const fix = asRoot(host, 'apt install git');
  const consequence = 'contexts and ADD from git repositories will not work';
  if (programOf(host, 'git') === undefined)
    return finding('git', 'warning', `not in PATH: ${consequence}`, {fix});
  try {
    const text = (await runGit({args: ['version'], environment, signal})).trim();
    const [major = 0, minor = 0] = (/\d+\.\d+/.exec(text)?.[0] ?? '').split('.').map(Number);
    if (major > 2 || (major === 2 && minor >= 31)) return finding('git', 'ok', text);
    return finding('git', 'warning', `${text}: git contexts need 2.31`, {fix});
  } catch (error) {
    signal.throwIfAborted();
    return finding('git', 'warning', `does not run, so that ${consequence}: ${errorText(error)}`, {
      fix: 'see what it says: git version',
    });
  }
}

export async function checkConfiguration(
  configFile: string | undefined,
  environment: Environment,
): Promise<Finding> {
  try {
    const config = await loadConfig({
      configFile,
      environment,
      readFile: (path) => readFile(path, 'utf8'),
    });
    const {path, registries} = config;
    if (path === undefined)
      return finding('configuration', 'ok', 'no file: everything is as it is by default');
    return finding('configuration', 'ok', `${path}: settings for ${registries.size} registries`);
  } catch (error) {
    const detail = errorText(error);
    return finding('configuration', 'missing', detail, {fix: 'mend the file', needed: true});
  }
}

export async function checkCredentials(environment: Environment): Promise<Finding> {
  const credentials = userCredentials(environment);
  try {
    const programs = await credentials.helperPrograms();
    const absent: string[] = [];
    for (const program of programs)
      if ((await findProgram(program, environment)) === undefined) absent.push(program);
    if (absent.length > 0) {
      const detail = `docker's config.json names ${absent.join(', ')}, which is not in PATH`;
      return finding('credentials', 'warning', detail, {fix: `install ${absent.join(', ')}`});
    }
    const helpers = programs.length === 0 ? 'no helpers' : programs.join(', ');
    return finding('credentials', 'ok', `docker's config.json: ${helpers}`);
  } catch (error) {
    return finding('credentials', 'warning', errorText(error), {
      fix: 'tsbuild login writes the file anew',
    });
  }
}
