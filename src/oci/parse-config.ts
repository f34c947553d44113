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
  const {os, architecture, variant, created, history} = document;
  if (typeof os !== 'string' || typeof architecture !== 'string') return {problem: 'it names no platform'};
  if (variant !== undefined && typeof variant !== 'string') return {problem: 'variant is no string'};
  if (created !== undefined && created !== null && typeof created !== 'string')
    return {problem: 'created is no string'};
  const diffIds = readDiffIds(document['rootfs']);
  if (diffIds === undefined) return {problem: 'rootfs.diff_ids are no sha256 digests'};
  const config = withoutNulls(document['config'] ?? {});
  if (!isContainerConfig(config)) return {problem: 'config has members of wrong types'};
  if (history !== undefined && history !== null && !Array.isArray(history))
    return {problem: 'history is no list'};
  // What an image of BuildKit's or ours tells of its own cache says nothing about an image that is built on it.
  const {[cacheMembers.buildkit]: _, [cacheMembers.own]: __, ...passedOn} = document;
  return {
    ...(passedOn as unknown as ImageConfig),
    config,
    rootfs: {type: 'layers', diff_ids: diffIds},
    history: matchedHistory((history ?? []) as readonly HistoryEntry[], diffIds.length),
  };
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
