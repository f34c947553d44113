// The commands. A context of the same name is written as a path: `tsbuild ./images`.

export const commandNames = ['build', 'run', 'images', 'inspect', 'debug', 'version', 'help'] as const;
export type CommandName = (typeof commandNames)[number];
