// The rooms of the house and their levels: a file may import its own room and rooms of a lower level, nothing else.
// ARCHITECTURE.md says what each room is; this table is what the tests enforce.

export const roomLevels: Readonly<Record<string, number>> = {
  util: 0,
  diagnostics: 1,
  oci: 1,
  graph: 2,
  helper: 2,
  store: 2,
  tree: 2,
  progress: 2,
  ssh: 2,
  tar: 2,
  config: 2,
  seccomp: 2,
  daemon: 3,
  grammar: 3,
  history: 3,
  dockerfile: 3,
  lock: 3,
  network: 3,
  policy: 3,
  signature: 3,
  snapshot: 3,
  space: 3,
  solver: 4,
  sources: 4,
  plan: 4,
  unchanged: 4,
  attestation: 5,
  cache: 5,
  instructions: 5,
  lint: 5,
  ops: 5,
  exporters: 5,
  image: 6,
  build: 6,
  cli: 7,
};

/** Neighbours of one level that may be imported all the same: the language is a room of its own, read by one other. */
export const adjoining: Readonly<Record<string, readonly string[]>> = {dockerfile: ['grammar']};

/** Rooms that are pure functions: no file system, no network, no processes. */
export const pureRooms: ReadonlySet<string> = new Set([
  'util',
  'diagnostics',
  'oci',
  'graph',
  'grammar',
  'dockerfile',
  'progress',
  'seccomp',
  'solver',
  'plan',
  'policy',
  'lock',
  'signature',
  'tar',
  'instructions',
  'lint',
]);

/** Functions of worldly modules that touch nothing. */
export const harmless: ReadonlySet<string> = new Set(['src/instructions/expose/lower.ts node:net']);

/** Folders whose children are kinds of one thing: children know the shelf, never each other. */
export const shelves: readonly string[] = [
  'src/instructions',
  'src/ops',
  'src/exporters',
  'src/cache/backends',
];

/** Kinds that are another kind under a condition: docker's exporter without `dest` is the image store. */
export const kinship: ReadonlySet<string> = new Set(['src/exporters/docker src/exporters/image']);

/** One package, one door: the only place that may import it. A door that ends in `/` is a folder with one such file. */
export const packageDoors: Readonly<Record<string, string>> = {
  '@noble/ciphers': 'src/signature/secretbox.ts',
  chevrotain: 'grammar/chevrotain.ts',
  commander: 'src/cli/program.ts',
  fzstd: 'src/',
  libsql: 'src/store/database.ts',
  'lru-cache': 'src/snapshot/',
  'p-queue': 'src/solver/slots.ts',
  'smol-toml': 'src/config/',
  'tar-stream': 'src/',
  undici: 'src/sources/registry/http.ts',
};

/** Modules of Node that only some rooms may use, because what they do belongs there. */
export const nodeDoors: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['helper'],
  'node:cluster': [],
  'node:worker_threads': [],
};

/** Node modules that touch the world; a pure room has none of them. */
export const worldlyModules: ReadonlySet<string> = new Set([
  'node:child_process',
  'node:dns',
  'node:fs',
  'node:fs/promises',
  'node:http',
  'node:https',
  'node:net',
  'node:os',
  'node:tls',
  'node:tty',
  'node:worker_threads',
]);

export function roomOf(path: string): string | undefined {
  const parts = path.split('/');
  if (parts[0] === 'grammar') return 'grammar';
  return parts[0] === 'src' && parts.length > 2 ? parts[1] : undefined;
}
