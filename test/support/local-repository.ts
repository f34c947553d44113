// A git repository of the test's own in a temporary folder, which counts none of the user's configuration.

import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export class LocalRepository implements Disposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'tsbuild-work-tree-')));

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  git(directory: string, ...words: string[]): string {
    const env = {PATH: process.env['PATH'], HOME: this.folder, GIT_CONFIG_NOSYSTEM: '1'};
    return execFileSync('git', words, {cwd: directory, env, encoding: 'utf8', stdio: 'pipe'}).trim();
  }

  /** The repository `app` with one commit, which it gives. */
  make(): string {
    const app = this.at('app');
    mkdirSync(join(app, 'docker'), {recursive: true});
    writeFileSync(join(app, 'file'), 'a');
    writeFileSync(join(app, 'docker', 'Dockerfile'), 'FROM scratch\n');
    this.git(app, 'init', '-q', '-b', 'trunk');
    this.git(app, 'add', '.');
    this.git(app, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-q', '-m', 'first');
    return this.git(app, 'rev-parse', 'HEAD');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, {recursive: true, force: true});
  }
}
