// Repositories served on 127.0.0.1 by git's own daemon, one process for each connection (`--inetd`), so that there is
// no port to guess and nothing to wait for.

import {execFileSync, spawn} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';

export interface GitServer {
  /** `git://127.0.0.1:PORT` */
  readonly address: string;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
  /** A repository `NAME.git` with nothing in it. */
  create(name: string): GitRepository;
}

export interface CommitInput {
  /** Path to text; `{link}` a symlink, `{run}` an executable; null: gone. */
  readonly files: Readonly<Record<string, string | {readonly link: string} | {readonly run: string} | null>>;
  /** Of author and committer. */
  readonly seconds?: number;
  readonly branch?: string;
}

export interface GitRepository {
  readonly url: string;
  readonly directory: string;
  /** Gives the commit's digits. */
  commit(input: CommitInput): string;
  git(...args: string[]): string;
}

const committedSeconds = 1_500_000_000;

/** Undefined: git is not installed, which is said once. */
export async function startGitServer(): Promise<GitServer | undefined> {
  try {
    execFileSync('git', ['daemon', '--help'], {stdio: 'pipe'});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      process.stderr.write('tests with repositories are skipped: git is not installed\n');
      return undefined;
    }
  }
  const root = mkdtempSync(join(tmpdir(), 'tsbuild-git-'));
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({pauseOnConnect: true}, (socket) => {
    connections++;
    sockets.add(socket);
    const args = ['daemon', '--inetd', '--export-all', `--base-path=${root}`, root];
    const child = spawn('git', args, {stdio: [socket, socket, 'ignore'], env: environment()});
    child.on('exit', () => {
      sockets.delete(socket);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as {port: number};
  const address = `git://127.0.0.1:${port}`;
  return {
    address,
    get connections() {
      return connections;
    },
    create: (name) =>
      createRepository(join(root, `${name}.git`), join(root, `${name}-work`), `${address}/${name}.git`),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, {recursive: true, force: true});
    },
  };
}

function createRepository(bare: string, work: string, url: string): GitRepository {
  const git = (...args: string[]): string => run(work, args);
  mkdirSync(work, {recursive: true});
  run(dirname(bare), ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', bare);
  return {
    url,
    directory: work,
    git,
    commit({files, seconds = committedSeconds, branch = 'main'}) {
      git('checkout', '--quiet', '-B', branch);
      for (const [path, content] of Object.entries(files)) writeEntry(join(work, path), content);
      git('add', '--all');
      run(work, ['commit', '--quiet', '--allow-empty', '--message=change'], seconds);
      git('push', '--quiet', '--force', 'origin', branch);
      return git('rev-parse', 'HEAD').trim();
    },
  };
}

function writeEntry(path: string, content: CommitInput['files'][string]): void {
  rmSync(path, {recursive: true, force: true});
  if (content === null) return;
  mkdirSync(dirname(path), {recursive: true});
  if (typeof content === 'string') writeFileSync(path, content);
  else if ('link' in content) symlinkSync(content.link, path);
  else {
    writeFileSync(path, content.run);
    chmodSync(path, 0o755);
  }
}

function run(directory: string, args: readonly string[], seconds = committedSeconds): string {
  const date = `@${seconds} +0000`;
  return execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...environment(), GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date},
  });
}

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
}
