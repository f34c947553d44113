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
  'attach bake builder buildx commit compose config container context cp create events exec export history image ' +
  'import info kill load login logout logs ls manifest network pause plugin port prune ps pull push rename restart ' +
  'rm rmi save search start stats stop swarm system tag top trust unpause update volume wait'
)
  .split(' ')
  .filter((word) => !commandWords.includes(word));

/** Words of docker before which another one stands. */
const foreignGroups =
  'builder buildx compose container context image manifest network system trust volume'.split(' ');

/** What there is instead. */
const instead: readonly (readonly [RegExp, string])[] = [
  [
    /^image prune$/,
    'tsbuild rmi $(tsbuild images -q --filter dangling=true) removes images without a name, tsbuild prune frees what nothing needs',
  ],
  [/^system prune$/, 'tsbuild prune frees what no image needs'],
  [/^manifest (create|annotate|push)$/, 'tsbuild imagetools create makes indexes in registries'],
  [/^manifest inspect$/, 'tsbuild imagetools inspect shows what a name in a registry stands for'],
  [/^(buildx|builder) /, 'there are no builder instances: --root gives a separate state'],
  [/^container /, 'there are no containers but those of tsbuild run, of which nothing is kept'],
];

/** A command of docker in two words that is not there, and what there is instead; undefined: it is none. */
export function foreignPhrase(
  first: string,
  second: string,
): {readonly phrase: string; readonly hint: string | undefined} | undefined {
  // A build has one operand, so these two are none.
  if (!foreignGroups.includes(first) || !/^[a-z][a-z-]*$/.test(second)) return undefined;
  const phrase = `${first} ${second}`;
  return {phrase, hint: instead.find(([pattern]) => pattern.test(phrase))?.[1]};
}
