// Running the command as a user without privileges: as we are, or, when we are root, through setpriv(1) with ids that
// own nothing. Needs the repository and Node to be readable by others.

import {spawnSync} from 'node:child_process';
import {chownSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {tsbuildPath, type Workspace} from './command.ts';
import {skip} from './requirements.ts';

const id = 54321;

export interface OrdinaryUser {
  readonly wrapper: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gives a path to this user. */
  own(path: string): Promise<void>;
}

interface Skippable {
  skip(note?: string): never;
}

const isRoot = process.getuid?.() === 0;
const dropped = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--inh-caps=-all'];

export function asOrdinaryUser(test: Skippable): OrdinaryUser {
  const wrapper = isRoot ? [...dropped, '--'] : [];
  const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  const env = {HOME: '/nonexistent', XDG_DATA_HOME: '', XDG_CONFIG_HOME: '', PATH: path};
  if (isRoot) {
    const probe = spawnSync(dropped[0] ?? '', [...dropped.slice(1), '--', tsbuildPath, '--version'], {
      env: {...process.env, ...env},
      encoding: 'utf8',
    });
    if (probe.status !== 0) {
      const why = probe.error?.message ?? probe.stderr.split('\n')[0];
      skip(test, `an ordinary user cannot run ${tsbuildPath}: ${why}`);
    }
  }
  return {
    wrapper,
    env,
    own: async (owned) => {
      if (isRoot) chownSync(owned, id, id);
    },
  };
}

/** The same where the kernel refuses a further user namespace: inside one that allows none below it. */
export function withoutUserNamespaces(test: Skippable): OrdinaryUser {
  const user = asOrdinaryUser(test);
  const shut =
    'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all -- "$@"';
  const wrapper = [
    ...user.wrapper,
    'unshare',
    '-U',
    '--map-current-user',
    '--keep-caps',
    'sh',
    '-c',
    shut,
    'sh',
  ];
  const probe = spawnSync(wrapper[0] ?? '', [...wrapper.slice(1), 'unshare', '-U', 'true'], {
    encoding: 'utf8',
  });
  if (probe.status === 0 || !/unshare/.test(probe.stderr)) {
    skip(test, `cannot take user namespaces away here: ${probe.stderr.trim() || 'they still work'}`);
  }
  return {...user, wrapper};
}

/** A state directory of the user's own in the workspace. */
export async function ownState(space: Workspace, user: OrdinaryUser, name: string): Promise<string> {
  const root = join(space.folder, name);
  await mkdir(root, {mode: 0o700});
  await user.own(root);
  return root;
}
