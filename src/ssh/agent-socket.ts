// A socket that an agent answers at. Each step that is given an agent has one of its own, which the helper makes the
// step's user's; the user's own socket is never touched.

import {closeSync, openSync} from 'node:fs';
import {unlink} from 'node:fs/promises';
import {createServer, type Socket} from 'node:net';
import {join} from 'node:path';
import type {Agent} from './agent.ts';
import {MessageReader, messageOf} from './messages.ts';

export interface AgentSocket {
  readonly path: string;
  /** The same for clients of this machine while the socket is open, where `path` would be too long for them. */
  readonly shortPath: string;
  close(): Promise<void>;
}

/** Listens at `directory`/`name`. The directory keeps others out. */
export async function listenAsAgent(agent: Agent, directory: string, name: string): Promise<AgentSocket> {
  // The path of a socket has room for 107 bytes, and a state directory may lie deep.
  const folder = openSync(directory, 'r');
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    void converse(agent, socket);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`/proc/self/fd/${folder}/${name}`, resolve);
    });
  } catch (error) {
    closeSync(folder);
    throw error;
  }
  return {
    path: join(directory, name),
    shortPath: `/proc/${process.pid}/fd/${folder}/${name}`,
    async close() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
      await unlink(join(directory, name)).catch(() => undefined);
      closeSync(folder);
    },
  };
}

/** Message after message, so that answers come in the order of the questions. */
async function converse(agent: Agent, socket: Socket): Promise<void> {
  const conversation = agent.open();
  const reader = new MessageReader();
  try {
    for await (const bytes of socket) {
      for (const message of reader.push(bytes as Buffer)) {
        socket.write(messageOf(await conversation.answer(message)));
      }
    }
  } catch {
    // The client has gone, or talks something else.
  } finally {
    socket.destroy();
    conversation.close();
  }
}
