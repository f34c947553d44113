// Words that name a command. A context of the same name is written as a path: `tsbuild ./images`.

/** The names of the rows of `commands/index.ts`, which a build does not load. */
export const commandNames: readonly string[] = [
  'build',
  'cache-mount export',
  'cache-mount import',
  'cache-mount inspect',
  'cache-mount ls',
  'cache-mount prune',
  'cache-mount rm',
  'debug',
  'diff',
  'doctor',
  'du',
  'explain',
  'export',
  'fsck',
  'generate-key-pair',
  'history',
  'history compare',
  'history export',
  'history inspect',
  'history logs',
  'history ls',
  'history rm',
  'images',
  'imagetools create',
  'imagetools inspect',
  'import',
  'inspect',
  'layers',
  'load',
  'lock',
  'login',
  'logout',
  'plan',
  'prune',
  'pull',
  'push',
  'rmi',
  'run',
  'save',
  'search',
  'shell',
  'sign',
  'tag',
  'verify',
];

/** Commands that are answered without a row of their own. */
export const plainCommands = ['version', 'help'] as const;

/** First words of all commands. */
export const commandWords: readonly string[] = [
  ...new Set([...commandNames.map((name) => name.split(' ')[0] ?? name), ...plainCommands]),
];

/** docker's longer words for commands, so that a script that says them works; those with a word of its own first. */
export const dockerSpellings: ReadonlyMap<string, string> = new Map([
  ['buildx b', 'build'],
  ['image list', 'images'],
  ['image ls', 'images'],
  ['image remove', 'rmi'],
  ['image rm', 'rmi'],
  ['system df', 'du'],
  ...['build', 'prune'].map((word) => [`builder ${word}`, word] as const),
  ...['build', 'du', 'history', 'imagetools', 'prune'].map((word) => [`buildx ${word}`, word] as const),
  ...['build', 'history', 'import', 'inspect', 'load', 'pull', 'push', 'save', 'tag'].map(
    (word) => [`image ${word}`, word] as const,
  ),
]);

/** Commands of docker that people may try here. */
export const foreignCommands: readonly string[] = (
  'bake builder buildx commit container exec export history image import load login logout ls prune ps pull push ' +
  'rm rmi save search system tag'
)
  .split(' ')
  .filter((word) => !commandWords.includes(word));
