// `tsbuild logout`.

import type {Command} from '../command.ts';

export const logoutCommand: Command = {
  name: 'logout',
  section: 'Registries',
  usage: ['[SERVER]'],
  summary: 'forget the login to a registry, for docker and tsbuild alike',
  about:
    "Removes the login from docker's configuration and from the credential helper that it names for the registry. Without SERVER: Docker Hub.",
  flags: [],
  load: async () => (await import('./logout.ts')).logOut,
};
