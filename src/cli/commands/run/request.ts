// From `tsbuild run`'s flags to a request: every value is read here, every bad one reported, all at once.

import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {isIP} from 'node:net';
import {constants} from 'node:os';
import {resolve} from 'node:path';
import type {RunMount, RunRequest} from '../../../build/attended/run-request.ts';
import {hostPlatform, type Platform, parsePlatform} from '../../../oci/platform.ts';
import {readGivenFile} from '../../../store/given-file.ts';
import {refusalText} from '../../../util/error-text.ts';
import {networkOf, shmSizeOf} from '../../build-request.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {limitsOf} from '../../limits-of.ts';
import {ValueReader} from '../../value-reader.ts';
import {parseAddHost} from '../../values/add-host.ts';
import {parseUlimit} from '../../values/limits.ts';
import {isProblem, type Problem} from '../../values/problem.ts';
import {parseEnvFile, parseVariable} from './env.ts';
import {parseMount, parseTmpfs, parseVolume} from './mounts.ts';
import {rightsOf} from './rights.ts';

/** Throws BuildError('usage') with every bad value. */
export function runRequestOf(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  envFiles: ReadonlyMap<string, string | Problem>,
): RunRequest {
  const reader = new ValueReader(flags);
  const [image, ...command] = operands;
  if (image === undefined) reader.report('run needs an IMAGE', 'tsbuild images lists those that are here');
  const interactive = flags.has('interactive');
  const tty = flags.has('tty');
  if (interactive && tty && io.stdin.isTTY !== true) {
    reader.report(
      '-t with -i needs a terminal as standard input',
      'leave -t out to read from a pipe or a file',
    );
  }
  const workdir = flags.last('workdir');
  if (workdir !== undefined && !workdir.startsWith('/')) {
    reader.report(`--workdir expects an absolute path, got "${workdir}"`);
  }
  const [platform] = reader.each('platform', platformFrom);
  const user = flags.last('user');
  const entrypoint = flags.last('entrypoint');
  const request: RunRequest = {
    image: image ?? '',
    command,
    ...(entrypoint === undefined ? {} : {entrypoint}),
    env: [
      ...fileVariables(reader, io, envFiles),
      ...reader.each('env', (text) => parseVariable(text, io.env)),
    ],
    ...(user === undefined ? {} : {user}),
    ...(workdir === undefined ? {} : {workdir}),
    ...(platform === undefined ? {} : {platform}),
    pull: pullOf(reader),
    interactive,
    tty,
    readonlyRoot: flags.has('read-only'),
    mounts: mountsOf(reader, io),
    network: flags.last('network') === 'bridge' ? 'default' : networkOf(reader),
    dns: {
      nameservers: reader.each('dns', serverFrom).map(({address}) => address),
      searchDomains: flags.all('dns-search'),
      options: flags.all('dns-option'),
    },
    hostname: flags.last('hostname') || randomBytes(6).toString('hex'),
    extraHosts: reader.each('add-host', parseAddHost),
    shmSizeBytes: shmSizeOf(reader),
    ulimits: reader.each('ulimit', parseUlimit),
    limits: limitsOf(reader),
    rights: rightsOf(reader),
  };
  stopSignalOf(reader);
  reader.throwProblems();
  return request;
}

/** Number of the signal that a SIGTERM becomes; undefined: the image says. */
export function stopSignalOf(reader: ValueReader): number | undefined {
  const text = reader.flags.last('stop-signal');
  if (text === undefined) return undefined;
  const number = signalNumber(text);
  if (number === undefined) reader.report(`--stop-signal: there is no signal "${text}"`);
  return number;
}

/** Of `SIGTERM`, `term` or `15`. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) > 0 && Number(text) <= 64 ? Number(text) : undefined;
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`;
  return new Map<string, number>(Object.entries(constants.signals)).get(name);
}

function platformFrom(text: string): Platform | Problem {
  const platform = text === 'local' ? hostPlatform() : parsePlatform(text);
  return 'problem' in platform ? {problem: `--platform: ${platform.problem}`} : platform;
}

function serverFrom(text: string): Problem | {readonly address: string} {
  return isIP(text) === 0 ? {problem: `--dns expects an IP address, got "${text}"`} : {address: text};
}

function pullOf(reader: ValueReader): RunRequest['pull'] {
  const text = reader.flags.last('pull') ?? 'missing';
  if (text === 'missing' || text === 'always' || text === 'never') return text;
  reader.report(`--pull expects missing, always or never, got "${text}"`);
  return 'missing';
}

/** Texts of --env-file, or why there is none. A pipe may take its time. */
export async function readEnvFiles(
  flags: FlagValues,
  io: CliIo,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | Problem>> {
  const texts = new Map<string, string | Problem>();
  for (const path of flags.all('env-file')) {
    try {
      texts.set(path, (await readGivenFile(resolve(io.cwd, path), {signal})).toString());
    } catch (error) {
      texts.set(path, {problem: `--env-file ${path}: ${refusalText(error)}`});
    }
  }
  return texts;
}

function fileVariables(
  reader: ValueReader,
  io: CliIo,
  texts: ReadonlyMap<string, string | Problem>,
): string[] {
  return reader
    .each('env-file', (path): Problem | {readonly entries: readonly string[]} => {
      const text = texts.get(path) ?? '';
      if (typeof text !== 'string') return text;
      const entries = parseEnvFile(text, io.env);
      return 'problem' in entries ? {problem: `--env-file ${path}: ${entries.problem}`} : {entries};
    })
    .flatMap(({entries}) => entries);
}

function mountsOf(reader: ValueReader, io: CliIo): readonly RunMount[] {
  const mounts = [
    ...reader.each('volume', (text) => parseVolume(text, io.cwd)),
    ...reader.each('mount', (text) => existing(parseMount(text, io.cwd), text)),
    ...reader.each('tmpfs', parseTmpfs),
  ];
  const targets = new Set<string>();
  for (const {target} of mounts) {
    if (targets.has(target)) reader.report(`two mounts on ${target}`);
    targets.add(target);
  }
  return mounts;
}

/** Unlike -v, --mount makes no directories. */
function existing(mount: RunMount | Problem, text: string): RunMount | Problem {
  if (isProblem(mount) || mount.type !== 'bind' || existsSync(mount.source)) return mount;
  return {problem: `--mount ${text}: there is no ${mount.source}`};
}
