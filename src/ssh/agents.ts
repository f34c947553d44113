// The agents of a build by id: sockets of agents that run already, or private keys, which an agent of our own then
// holds in memory for as long as the build lasts.

import {mkdir, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {type Agent, agentAt, keyAgent, readOnly} from './agent.ts';
import {type AgentSocket, listenAsAgent} from './agent-socket.ts';
import {KeyProblem} from './key-problem.ts';
import {parsePrivateKey} from './private-key.ts';

export type AgentSource = {readonly socket: string} | {readonly keyFiles: readonly string[]};

export class SshAgents {
  readonly #agents: ReadonlyMap<string, Agent>;
  readonly #makeDirectory: () => Promise<string>;
  #directory: Promise<string> | undefined;
  readonly #open = new Set<AgentSocket>();
  #count = 0;

  private constructor(agents: ReadonlyMap<string, Agent>, makeDirectory: () => Promise<string>) {
    this.#agents = agents;
    this.#makeDirectory = makeDirectory;
  }

  /**
   * Reads the keys. Throws BuildError('usage') when one cannot be used. `makeDirectory` is called for the first
   * socket.
   */
  static async load(
    sources: Readonly<Record<string, AgentSource>>,
    makeDirectory: () => Promise<string>,
    read: (file: string) => Promise<Buffer> = (file) => readFile(file),
  ): Promise<SshAgents> {
    const agents = new Map<string, Agent>();
    for (const [id, source] of Object.entries(sources)) {
      agents.set(
        id,
        'socket' in source ? agentAt(source.socket) : await agentOfKeys(id, source.keyFiles, read),
      );
    }
    return new SshAgents(agents, makeDirectory);
  }

  /** A new socket where the agent `id` answers; undefined when there is no such agent. */
  async listen(id: string): Promise<AgentSocket | undefined> {
    const agent = this.#agents.get(id);
    if (agent === undefined) return undefined;
    this.#directory ??= this.#makeDirectory();
    const folder = join(await this.#directory, String(this.#count++));
    await mkdir(folder, {mode: 0o700});
    const socket = await listenAsAgent(readOnly(agent), folder, 'agent');
    this.#open.add(socket);
    return {
      ...socket,
      close: async () => {
        this.#open.delete(socket);
        await socket.close();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((socket) => socket.close()));
    if (this.#directory !== undefined) await rm(await this.#directory, {recursive: true, force: true});
  }
}

async function agentOfKeys(
  id: string,
  files: readonly string[],
  read: (file: string) => Promise<Buffer>,
): Promise<Agent> {
  const keys = await Promise.all(
    files.map(async (file) => {
      try {
        return parsePrivateKey((await read(file)).toString(), file);
      } catch (error) {
        const {code} = error as NodeJS.ErrnoException;
        const what =
          error instanceof KeyProblem ? error.message : `cannot be read: ${code ?? 'unknown error'}`;
        throw buildError('usage', 'usage-ssh', `--ssh ${id}: ${file} ${what}`);
      }
    }),
  );
  return keyAgent(keys);
}
