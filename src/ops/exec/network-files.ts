// The hosts and resolv.conf that a step sees. A stub resolver of the host (systemd-resolved at 127.0.0.53) listens
// where a step with its own network cannot reach it, so the servers behind it are named instead.

import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Helper} from '../../helper/helper.ts';

export function hostsText(hostname: string, extraHosts: readonly {host: string; address: string}[]): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'ff00::\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    `127.0.0.1\t${hostname}`,
    ...extraHosts.map(({host, address}) => `${address}\t${host}`),
  ];
  return `${lines.join('\n')}\n`;
}

const stubAddress = '127.0.0.53';
const behindStub = '/run/systemd/resolve/resolv.conf';

/** Text of resolv.conf for steps; empty when the host has none. */
export async function resolvText(): Promise<string> {
  const own = await readOrEmpty('/etc/resolv.conf');
  if (!own.includes(stubAddress)) return own;
  const behind = await readOrEmpty(behindStub);
  return behind === '' ? own : behind;
}

/** Files made once per build and text. */
export class NetworkFiles {
  readonly #directory: () => Promise<string>;
  #made: Promise<string> | undefined;
  readonly #files = new Map<string, Promise<string>>();

  constructor(directory: () => Promise<string>) {
    this.#directory = directory;
  }

  hosts(hostname: string, extraHosts: readonly {host: string; address: string}[]): Promise<string> {
    return this.#file(
      'hosts',
      async () => hostsText(hostname, extraHosts),
      JSON.stringify([hostname, extraHosts]),
    );
  }

  resolv(): Promise<string> {
    return this.#file('resolv.conf', resolvText, '');
  }

  /** Removes what was made. */
  async remove(helper: () => Promise<Helper>): Promise<void> {
    if (this.#made === undefined) return;
    const path = await this.#made;
    await (await helper()).request('remove', [`path=${path}`]);
  }

  #file(name: string, text: () => Promise<string>, key: string): Promise<string> {
    const id = `${name} ${key}`;
    let path = this.#files.get(id);
    if (path === undefined) {
      const number = this.#files.size;
      path = (async () => {
        this.#made ??= this.#directory();
        const file = join(await this.#made, `${number}-${name}`);
        await writeFile(file, await text(), {mode: 0o644});
        return file;
      })();
      this.#files.set(id, path);
    }
    return path;
  }
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
