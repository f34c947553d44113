// An image config as it comes from outside. Only what the engine reads is checked; the rest is kept as it is, since a
// config is passed on. Missing members get the spec's meaning (image-spec config.md).

import {parseDiffId} from './digest.ts';
import {type ContainerConfig, cacheMembers, type HistoryEntry, type ImageConfig} from './image-config.ts';

type Members = Readonly<Record<string, unknown>>;

/** The config, or why the bytes are none. */
export function parseConfig(bytes: Uint8Array): ImageConfig | {readonly problem: string} {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch {
    return {problem: 'it is no JSON'};
  }
  if (!isMembers(document)) return {problem: 'it is no JSON object'};
  const {os, architecture, history} = document;
  if (typeof os !== 'string' || typeof architecture !== 'string') return {problem: 'it names no platform'};
  const [problem] = memberProblems(document);
  if (problem !== undefined) return {problem};
  const diffIds = readDiffIds(document['rootfs']) ?? [];
  const config = withoutNulls(document['config'] ?? {}) as ContainerConfig;
  // What an image of BuildKit's or ours tells of its own cache says nothing about an image that is built on it.
  const {[cacheMembers.buildkit]: _, [cacheMembers.own]: __, ...passedOn} = document;
  return {
    ...(passedOn as unknown as ImageConfig),
    config,
    rootfs: {type: 'layers', diff_ids: diffIds},
    history: matchedHistory((history ?? []) as readonly HistoryEntry[], diffIds.length),
  };
}

/** Members that are there, and not what they have to be: a text each. Of one that is missing nothing is said. */
export function memberProblems({rootfs, config, ...document}: Members): readonly string[] {
  const problems: string[] = [];
  for (const key of ['os', 'architecture', 'variant', 'created', 'author']) {
    const value = document[key] ?? '';
    if (typeof value !== 'string') problems.push(`${key} is no string`);
  }
  if (readDiffIds(rootfs) === undefined) problems.push('rootfs.diff_ids are no sha256 digests');
  if (!isContainerConfig(withoutNulls(config ?? {}))) problems.push('config has members of wrong types');
  const history = document['history'] ?? [];
  if (!Array.isArray(history)) problems.push('history is no list');
  else if (!history.every(isHistoryEntry)) problems.push('history has an entry that is none');
  return problems;
}

/** Go writes what is absent as null. */
function isHistoryEntry(entry: unknown): boolean {
  if (!isMembers(entry)) return false;
  const {empty_layer: empty = null, ...others} = entry;
  const texts = ['created', 'created_by', 'author', 'comment'].map((key) => others[key] ?? '');
  return (empty === null || typeof empty === 'boolean') && texts.every((text) => typeof text === 'string');
}

/**
 * History that tells of exactly as many layers as there are: many tools write none, or too little. What is missing
 * is added without a word on how it came about; what is too much is said to be empty, from the oldest on (BuildKit,
 * exporter/containerimage normalizeLayersAndHistory).
 */
function matchedHistory(history: readonly HistoryEntry[], layerCount: number): readonly HistoryEntry[] {
  let surplus = history.filter((entry) => entry.empty_layer !== true).length - layerCount;
  const told = history.map((entry) => {
    if (surplus <= 0 || entry.empty_layer === true) return entry;
    surplus--;
    return {...entry, empty_layer: true};
  });
  const missing = Array.from({length: Math.max(0, -surplus)}, () => ({
    comment: 'buildkit.exporter.image.v0',
  }));
  return [...told, ...missing];
}

function readDiffIds(rootfs: unknown): ImageConfig['rootfs']['diff_ids'] | undefined {
  if (!isMembers(rootfs)) return undefined;
  const list = rootfs['diff_ids'] ?? [];
  if (!Array.isArray(list)) return undefined;
  const diffIds = list.map((text) => (typeof text === 'string' ? parseDiffId(text) : undefined));
  return diffIds.every((diffId) => diffId !== undefined) ? diffIds : undefined;
}

function isContainerConfig(value: unknown): value is ContainerConfig {
  if (!isMembers(value)) return false;
  const lists = ['Env', 'Entrypoint', 'Cmd', 'OnBuild', 'Shell'];
  const texts = ['User', 'WorkingDir', 'StopSignal'];
  const maps = ['Labels', 'ExposedPorts', 'Volumes', 'Healthcheck'];
  const absent = (member: unknown): boolean => member === undefined;
  return (
    lists.every((name) => absent(value[name]) || isStrings(value[name])) &&
    texts.every((name) => absent(value[name]) || typeof value[name] === 'string') &&
    maps.every((name) => absent(value[name]) || isMembers(value[name]))
  );
}

/** Go writes empty lists as null. */
function withoutNulls(value: unknown): unknown {
  if (!isMembers(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
