// From flags to the engine's request: every value is read here, every bad one reported, all at once. Reads the file
// system only to tell a directory from a URL and a missing secret from a present one, and standard input when asked.

import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import type {BuildRequest, ContextInput} from '../build/request.ts';
import {buildError} from '../diagnostics/build-error.ts';
import {defaultShmSizeBytes} from '../graph/op.ts';
import {
  formatPlatformVersion,
  hostPlatform,
  knownSystems,
  type Platform,
  parsePlatform,
} from '../oci/platform.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../oci/reference.ts';
import type {AgentSource} from '../ssh/agents.ts';
import {suggest} from '../util/suggest.ts';
import {commandWords, foreignCommands} from './command-names.ts';
import type {FlagValues} from './flag-values.ts';
import {namingProblem} from './image-name.ts';
import {type CliIo, readAll} from './io.ts';
import {limitsOf} from './limits-of.ts';
import {lockPathOf} from './lock-path.ts';
import {ValueReader} from './value-reader.ts';
import {parseAddHost} from './values/add-host.ts';
import {attestRequestOf, parseAttest, parseShortAttest} from './values/attest.ts';
import {parseCaches} from './values/cache.ts';
import {parseBytes, parseTimeout, parseUlimit} from './values/limits.ts';
import {outputsOf} from './values/outputs.ts';
import {isProblem, type Problem} from './values/problem.ts';
import {parseSecret, parseSsh, type SshForward} from './values/secret.ts';

const entitlements = ['network.host', 'security.insecure', 'buildx.local.delete'];

/** Throws BuildError('usage') with every bad value, BuildError('user') when the context is not there. */
export async function buildRequestOf(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
): Promise<BuildRequest> {
  const reader = new ValueReader(flags);
  const [path] = operands;
  if (path !== undefined && foreignCommands.includes(path) && kindOf(resolve(io.cwd, path)) === undefined) {
    reader.report(`there is no command ${path}`, 'tsbuild --help lists the commands');
    reader.throwProblems();
  }
  if (operands.length !== 1) {
    reader.report(
      `build needs exactly one PATH, URL or "-", got ${operands.length === 0 ? 'none' : operands.join(' ')}`,
      path === undefined
        ? 'tsbuild . builds the current directory; tsbuild --help shows everything'
        : kindOf(resolve(io.cwd, path)) === undefined
          ? nearCommand(path)
          : undefined,
    );
  }
  const dockerfile = flags.last('file');
  if (path === '-' && dockerfile === '-') {
    reader.report('standard input cannot be both the context and the Dockerfile');
  }
  const values = readValues(reader, io);
  reader.throwProblems();
  const context = await contextOf(path ?? '.', io);
  const place = {context, ...(dockerfile === undefined ? {} : {dockerfile})};
  return {
    ...values,
    ...(flags.has('locked') ? {lock: {mode: 'locked', file: lockPathOf(flags, place, io)}} : {}),
    context,
    ...(dockerfile === undefined ? {} : {dockerfile}),
    ...(dockerfile === '-' ? {dockerfileText: (await readAll(io.stdin)).toString('utf8')} : {}),
  };
}

function readValues(reader: ValueReader, io: CliIo): Omit<BuildRequest, 'context'> {
  const {flags} = reader;
  const attest = attestRequestOf([
    ...reader.each('attest', parseAttest),
    ...reader.each('provenance', (text) => parseShortAttest('provenance', text)),
    ...reader.each('sbom', (text) => parseShortAttest('sbom', text)),
  ]);
  const policy = flags.last('source-policy-file') ?? io.env['EXPERIMENTAL_BUILDKIT_SOURCE_POLICY'];
  const target = flags.last('target');
  const network = networkOf(reader);
  return {
    tags: [...new Set(reader.each('tag', parseTag))],
    buildArgs: buildArgsOf(reader, io),
    labels: labelsOf(reader, io),
    ...(target === undefined || target === '' ? {} : {target}),
    platforms: platformsOf(reader, io),
    noCache: noCacheOf(reader),
    pull: flags.has('pull'),
    outputs: outputsOf(reader),
    cacheFrom: reader.each('cache-from', (text) => parseCaches('--cache-from', text)).flat(),
    cacheTo: reader.each('cache-to', (text) => parseCaches('--cache-to', text)).flat(),
    ...(attest === undefined ? {} : {attest}),
    ...(policy === undefined || policy === '' ? {} : {sourcePolicy: resolve(io.cwd, policy)}),
    buildContexts: Object.fromEntries(
      reader.each('build-context', (text) => keyValue('--build-context', text, undefined)),
    ),
    secrets: secretsOf(reader, io),
    ssh: Object.fromEntries(
      reader
        .each('ssh', (text) => parseSsh(text, io.env))
        .map((forward) => [forward.id, agentSource(reader, forward, io)]),
    ),
    network,
    extraHosts: reader.each('add-host', parseAddHost),
    shmSizeBytes: shmSizeOf(reader),
    ulimits: reader.each('ulimit', parseUlimit),
    limits: limitsOf(reader),
    stepTimeoutMs: reader.each('step-timeout', parseTimeout).at(-1)?.milliseconds ?? 0,
    entitlements: new Set([
      ...reader.each('allow', parseEntitlement).map(({name}) => name),
      // Asking for it on the command line is allowing it.
      ...(network === 'host' ? ['network.host'] : []),
    ]),
    workingDirectory: io.cwd,
    environment: io.env,
  };
}

function parseTag(text: string): string | Problem {
  const reference = parseReference(text);
  if (isReferenceProblem(reference)) return {problem: `invalid tag "${text}": ${reference.problem}`};
  const problem = namingProblem(reference);
  return problem === undefined
    ? normalisedName(reference)
    : {problem: `invalid tag "${text}": it ${problem}`};
}

/** docker buildx drops a label without a value; so do we, but not without a word. */
function labelsOf(reader: ValueReader, io: CliIo): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, value] of reader.each('label', (text) => keyValue('--label', text, '\0'))) {
    if (value === '\0')
      io.stderr.write(
        `warning: --label ${key} has no value and is left out; write ${key}= for an empty one\n`,
      );
    else labels[key] = value;
  }
  return labels;
}

function keyValue(flag: string, text: string, missing: string | undefined): [string, string] | Problem {
  const equals = text.indexOf('=');
  if (equals === 0 || text === '') return {problem: `${flag} expects KEY=VALUE, got "${text}"`};
  if (equals !== -1) return [text.slice(0, equals), text.slice(equals + 1)];
  return missing === undefined ? {problem: `${flag} expects KEY=VALUE, got "${text}"`} : [text, missing];
}

/** `K` alone takes its value from the environment, and is not passed at all when it has none there. */
function buildArgsOf(reader: ValueReader, io: CliIo): Record<string, string> {
  const buildArgs: Record<string, string> = {};
  for (const [name, value] of reader.each('build-arg', (text) => keyValue('--build-arg', text, '\0'))) {
    const known = value === '\0' ? io.env[name] : value;
    if (known !== undefined) buildArgs[name] = known;
  }
  // As buildx has it: this one needs no flag.
  const epoch = io.env['SOURCE_DATE_EPOCH'];
  return epoch === undefined || epoch === '' ? buildArgs : {SOURCE_DATE_EPOCH: epoch, ...buildArgs};
}

/** In the order given, each once: `linux/arm64` and `aarch64` are one. */
function platformsOf(reader: ValueReader, io: CliIo): readonly Platform[] {
  const given = reader.flags.all('platform').filter((text) => text !== '');
  const texts = (given.length > 0 ? given : [io.env['DOCKER_DEFAULT_PLATFORM'] ?? ''])
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const platforms = new Map<string, Platform>();
  for (const text of texts) {
    const platform = text === 'local' ? hostPlatform() : parsePlatform(text);
    if ('problem' in platform) reader.report(`--platform: ${platform.problem}`);
    else if (!knownSystems.has(platform.os)) {
      const near = suggest(platform.os, knownSystems);
      const hint = near === undefined ? 'write linux/ARCHITECTURE' : `did you mean ${near}?`;
      reader.report(`--platform ${text}: unknown operating system "${platform.os}"`, hint);
    } else platforms.set(formatPlatformVersion(platform), platform);
  }
  return [...platforms.values()];
}

export function networkOf(reader: ValueReader): BuildRequest['network'] {
  const network = reader.flags.last('network') ?? 'default';
  if (network === '' || network === 'default') return 'default';
  if (network === 'none' || network === 'host') return network;
  reader.report(`--network expects default, none or host, got "${network}"`);
  return 'default';
}

function noCacheOf(reader: ValueReader): BuildRequest['noCache'] {
  const stages = reader.flags
    .all('no-cache-filter')
    .flatMap((text) => text.split(','))
    .filter((stage) => stage !== '');
  if (stages.length === 0) return reader.flags.has('no-cache');
  if (reader.flags.has('no-cache')) reader.report('--no-cache and --no-cache-filter exclude each other');
  return stages;
}

function secretsOf(reader: ValueReader, io: CliIo): BuildRequest['secrets'] {
  const secrets: Record<string, {readonly file: string} | {readonly env: string}> = {};
  for (const {id, source} of reader.each('secret', (text) => parseSecret(text, io.env))) {
    if ('env' in source) {
      secrets[id] = source;
      continue;
    }
    const file = resolve(io.cwd, source.file);
    const kind = kindOf(file);
    if (kind === undefined) reader.report(`--secret id=${id}: no such file: ${source.file}`);
    else if (kind !== 'file') reader.report(`--secret id=${id}: ${source.file} is a ${kind}, not a file`);
    secrets[id] = {file};
  }
  return secrets;
}

function agentSource(reader: ValueReader, {id, paths}: SshForward, io: CliIo): AgentSource {
  const files = paths.map((path) => resolve(io.cwd, path));
  const kinds = files.map(kindOf);
  const [first = ''] = files;
  if (kinds.length === 1 && kinds[0] === 'socket') return {socket: first};
  paths.forEach((path, index) => {
    const kind = kinds[index];
    if (kind === 'file') return;
    if (kind === undefined) reader.report(`--ssh ${id}: no such socket or key: ${path}`);
    else if (kind !== 'socket') reader.report(`--ssh ${id}: ${path} is neither a socket nor a private key`);
    else reader.report(`--ssh ${id}: one agent socket, or private keys, but not both: ${path} is a socket`);
  });
  return {keyFiles: files};
}

export function shmSizeOf(reader: ValueReader): number {
  const text = reader.flags.last('shm-size');
  if (text === undefined) return defaultShmSizeBytes;
  const size = parseBytes('--shm-size', text);
  if (!isProblem(size)) return size.bytes === 0 ? defaultShmSizeBytes : size.bytes;
  reader.report(size.problem);
  return defaultShmSizeBytes;
}

function parseEntitlement(name: string): {readonly name: string} | Problem {
  if (entitlements.includes(name)) return {name};
  const near = suggest(name, entitlements);
  const expected =
    near === undefined ? `expected one of ${entitlements.join(', ')}` : `did you mean ${near}?`;
  return {problem: `--allow ${name}: unknown entitlement, ${expected}`};
}

/** docker's order: a directory of that name wins over a URL that looks the same. */
async function contextOf(path: string, io: CliIo): Promise<ContextInput> {
  if (path === '-') return {type: 'stdin', bytes: await readAll(io.stdin)};
  const directory = resolve(io.cwd, path);
  const kind = path === '' ? undefined : kindOf(directory);
  if (kind === 'directory') return {type: 'directory', path: directory};
  if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(path)) return {type: 'url', url: path};
  const near = nearCommand(path);
  throw buildError(
    'user',
    'cli-context-not-found',
    kind === undefined ? `context "${path}" not found` : `context "${path}" is not a directory`,
    kind !== undefined
      ? {hints: [`to build from this Dockerfile: tsbuild -f ${path} .`]}
      : near === undefined
        ? {}
        : {hints: [near]},
  );
}

function nearCommand(word: string): string | undefined {
  const near = suggest(word, commandWords);
  return near === undefined ? undefined : `did you mean the command tsbuild ${near}?`;
}

function kindOf(path: string): 'file' | 'directory' | 'socket' | undefined {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? 'directory' : stat.isSocket() ? 'socket' : 'file';
  } catch {
    return undefined;
  }
}
