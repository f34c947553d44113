// Running the command as a user without privileges: as we are, or, when we are root, through setpriv(1) with ids that
// own nothing. Node has to be readable by others.

import {spawnSync} from 'node:child_process';
import {chmodSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {repository, tsbuildPath, type Workspace} from './command.ts';
import {skip} from './requirements.ts';

const id = 54321;

export interface OrdinaryUser {
  readonly wrapper: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The command, where this user can read it. */
  readonly program: string;
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
  const program = isRoot ? programForOthers(test, env) : tsbuildPath;
  return {
    wrapper,
    env,
    program,
    own: async (owned) => {
      if (isRoot) chownSync(owned, id, id);
    },
  };
}

let program: string | undefined;

/** The command where others can read it: in place, or, when the repository lies below /root, a copy of what runs. */
function programForOthers(test: Skippable, env: OrdinaryUser['env']): string {
  if (program !== undefined) return program;
  const why = whyNotRunning(tsbuildPath, env);
  if (why === undefined) {
    program = tsbuildPath;
    return program;
  }
  const copy = mkdtempSync(join(tmpdir(), 'tsbuild-e2e-program-'));
  chmodSync(copy, 0o755);
  process.once('exit', () => rmSync(copy, {recursive: true, force: true}));
  for (const part of ['bin', 'dist', 'package.json', 'native/tsbuild-helper', ...installedParts()]) {
    cpSync(join(repository, part), join(copy, part), {recursive: true});
  }
  const copied = join(copy, 'bin', 'tsbuild');
  const still = whyNotRunning(copied, env);
  if (still !== undefined) skip(test, `an ordinary user cannot run tsbuild here: ${still}`);
  program = copied;
  return program;
}

/** What the bundle leaves outside: the native database, one package for each platform. */
function installedParts(): string[] {
  const scoped = join('node_modules', '@libsql');
  return existsSync(join(repository, scoped)) ? [scoped, join('node_modules', 'libsql')] : [];
}

function whyNotRunning(path: string, env: OrdinaryUser['env']): string | undefined {
  const [command = '', ...rest] = [...dropped, '--', path, '--version'];
  const probe = spawnSync(command, rest, {env: {...process.env, ...env}, encoding: 'utf8', cwd: '/'});
  return probe.status === 0 ? undefined : (probe.error?.message ?? probe.stderr.split('\n')[0] ?? '');
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
