// The commands. A context of the same name is written as a path: `tsbuild ./images`.

export const commandNames = [
  'build',
  'run',
  'shell',
  'images',
  'inspect',
  'doctor',
  'debug',
  'version',
  'help',
] as const;
export type CommandName = (typeof commandNames)[number];

/** docker's longer words for `build`, so that a script that says them works. */
export const buildSpellings = ['image build', 'builder build', 'buildx build', 'buildx b'] as const;

/** Commands of docker that people may try here. */
export const foreignCommands: readonly string[] = (
  'bake builder buildx commit container exec export history image import load login logout ls prune ps pull push ' +
  'rm rmi save search system tag'
).split(' ');
