// The agent protocol (draft-ietf-sshm-ssh-agent), as far as somebody who only uses keys needs it: list, sign. What
// would add, remove or lock keys is refused, whoever is asked: a build step has no business with that.

import {connect, type Socket} from 'node:net';
import {deferred} from '../util/deferred.ts';
import {MessageReader, messageOf} from './messages.ts';
import type {AgentKey} from './private-key.ts';
import {uint32, WireReader, wireString} from './wire.ts';

export interface Agent {
  /** One client's conversation. */
  open(): AgentConversation;
}

export interface AgentConversation {
  /** Answers one message; the next comes when this is done. Never throws: what goes wrong is an answer. */
  answer(message: Buffer): Promise<Buffer>;
  close(): void;
}

const failure = Buffer.of(5);
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;

/** Wraps an agent so that it can only be asked what its keys are, and for signatures. */
export function readOnly(agent: Agent): Agent {
  return {
    open() {
      const conversation = agent.open();
      return {
        answer: async (message) =>
          message[0] === requestIdentities || message[0] === signRequest
            ? conversation.answer(message)
            : failure,
        close: () => conversation.close(),
      };
    },
  };
}

/** An agent that holds `keys` itself. */
export function keyAgent(keys: readonly AgentKey[]): Agent {
  return {open: () => ({answer: async (message) => answerWith(keys, message), close: () => undefined})};
}

function answerWith(keys: readonly AgentKey[], message: Buffer): Buffer {
  try {
    const reader = new WireReader(message.subarray(1));
    if (message[0] === requestIdentities) {
      const entries = keys.flatMap((key) => [wireString(key.publicBlob), wireString(key.comment)]);
      return Buffer.concat([Buffer.of(identitiesAnswer), uint32(keys.length), ...entries]);
    }
    if (message[0] !== signRequest) return failure;
    const [blob, data, flags] = [reader.string(), reader.string(), reader.uint32()];
    const key = keys.find(({publicBlob}) => publicBlob.equals(blob));
    if (key === undefined) return failure;
    return Buffer.concat([Buffer.of(signResponse), wireString(key.sign(data, flags))]);
  } catch {
    // No request at all, or one for SHA-1 on a machine that forbids it, which OpenSSL says by throwing.
    return failure;
  }
}

/** The agent that listens at a socket, one connection for each conversation. */
export function agentAt(path: string): Agent {
  return {open: () => new ForeignConversation(connect({path}))};
}

class ForeignConversation implements AgentConversation {
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  #waiting: {resolve(message: Buffer): void} | undefined;
  #isOver = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#isOver = true;
      this.#settle(failure);
    });
  }

  async answer(message: Buffer): Promise<Buffer> {
    if (this.#isOver) return failure;
    const waiting = deferred<Buffer>();
    this.#waiting = waiting;
    this.#socket.write(messageOf(message));
    return waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    try {
      const [message] = this.#reader.push(bytes);
      if (message !== undefined) this.#settle(message);
    } catch {
      this.#socket.destroy();
    }
  }

  #settle(message: Buffer): void {
    this.#waiting?.resolve(message);
    this.#waiting = undefined;
  }
}
