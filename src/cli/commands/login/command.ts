// `tsbuild login`.

import type {Command} from '../command.ts';

export const loginCommand: Command = {
  name: 'login',
  section: 'Registries',
  usage: ['[SERVER]', '-u USER --password-stdin [SERVER]'],
  shortUsage: '[SERVER]',
  summary: 'log in to a registry, for docker and tsbuild alike',
  about:
    "Asks the registry whether it takes the password, and keeps it where docker keeps it: in the credential helper that docker's configuration names, else in config.json of $DOCKER_CONFIG or ~/.docker, readable by nobody else. Without -u and -p it tries what is kept there already, and else asks at the terminal. Without SERVER: Docker Hub.",
  flags: [
    {name: 'username', short: 'u', value: 'USER', group: 'Input', help: 'who logs in'},
    {
      name: 'password',
      short: 'p',
      value: 'PASSWORD',
      group: 'Input',
      help: 'the password; others can see it in the list of processes, so --password-stdin is better',
    },
    {name: 'password-stdin', group: 'Input', help: 'read the password from standard input'},
  ],
  load: async () => (await import('./login.ts')).logIn,
};
