// What an agent answers, and what is never passed on to one.

import {generateKeyPairSync} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {type Agent, keyAgent, readOnly} from '../../src/ssh/agent.ts';
import {MessageReader, messageOf} from '../../src/ssh/messages.ts';
import {parsePrivateKey} from '../../src/ssh/private-key.ts';
import {uint32, WireReader, wireString} from '../../src/ssh/wire.ts';

const failure = Buffer.of(5);

function newKey(comment: string) {
  const {privateKey} = generateKeyPairSync('ed25519');
  return parsePrivateKey(privateKey.export({type: 'pkcs8', format: 'pem'}).toString(), comment);
}

const keys = [newKey('one'), newKey('two')] as const;
const ask = (message: Buffer) => keyAgent(keys).open().answer(message);
const signRequest = (blob: Buffer) =>
  Buffer.concat([Buffer.of(13), wireString(blob), wireString('text'), uint32(0)]);

describe('keyAgent', () => {
  it('lists its keys with their comments', async () => {
    const reader = new WireReader(await ask(Buffer.of(11)));
    expect([reader.bytes(1)[0], reader.uint32()]).toEqual([12, 2]);
    const listed = [0, 1].map(() => ({publicBlob: reader.string(), comment: reader.text()}));
    expect(listed).toEqual(keys.map(({publicBlob, comment}) => ({publicBlob, comment})));
    expect(reader.remaining).toBe(0);
  });

  it('signs with the key that is named', async () => {
    const answer = await ask(signRequest(keys[1].publicBlob));
    const expected = keys[1].sign(Buffer.from('text'), 0);
    expect(answer).toEqual(Buffer.concat([Buffer.of(14), wireString(expected)]));
  });

  it('fails for a key it has not, a broken request, and whatever else it is asked', async () => {
    expect(await ask(signRequest(Buffer.from('other')))).toEqual(failure);
    expect(await ask(signRequest(keys[0].publicBlob).subarray(0, 20))).toEqual(failure);
    expect(await ask(Buffer.of(19))).toEqual(failure);
  });
});

describe('readOnly', () => {
  it('passes on questions for keys and signatures, and nothing that would change the agent', async () => {
    const seen: (number | undefined)[] = [];
    const spy: Agent = {
      open: () => ({
        answer: async (message) => {
          seen.push(message[0]);
          return Buffer.of(99);
        },
        close: () => undefined,
      }),
    };
    const conversation = readOnly(spy).open();
    const answers = await Promise.all(
      [11, 13, 17, 18, 19, 22, 23, 25, 27].map((type) => conversation.answer(Buffer.of(type))),
    );
    expect(seen).toEqual([11, 13]);
    expect(answers.map((answer) => answer[0])).toEqual([99, 99, 5, 5, 5, 5, 5, 5, 5]);
  });
});

describe('MessageReader', () => {
  it('gives whole messages, however they are cut', () => {
    const bytes = Buffer.concat([messageOf(Buffer.of(11)), messageOf(Buffer.from('second'))]);
    const reader = new MessageReader();
    const messages = [...bytes].flatMap((byte) => reader.push(Buffer.of(byte)));
    expect(messages).toEqual([Buffer.of(11), Buffer.from('second')]);
    expect(new MessageReader().push(bytes)).toHaveLength(2);
  });

  it('refuses what is no message', () => {
    expect(() => new MessageReader().push(uint32(0))).toThrow(RangeError);
    expect(() => new MessageReader().push(Buffer.from('GET / HTTP/1.1'))).toThrow(RangeError);
  });
});
