// The client against an API of our own making, which misbehaves as it is told.

import {describe, expect, test} from 'vitest';
import type {WriteBytes} from '../../src/daemon/daemon.ts';
import {DockerDaemon} from '../../src/daemon/docker-daemon.ts';
import {containerdInfo, type FakeDocker, startFakeDocker} from '../support/fake-docker.ts';

async function reached({path}: FakeDocker): Promise<DockerDaemon> {
  const daemon = await DockerDaemon.reach({type: 'socket', path}, `unix://${path}`);
  if (daemon === undefined) throw new Error('it does not answer');
  return daemon;
}

const signal = new AbortController().signal;
const pieces =
  (count: number): ((write: WriteBytes) => Promise<void>) =>
  async (write) => {
    for (let piece = 0; piece < count; piece++) await write(Buffer.alloc(1024 * 1024, piece));
  };

describe('docker', () => {
  test('that does not answer is not there', async () => {
    expect(await DockerDaemon.reach({type: 'socket', path: '/nowhere/docker.sock'}, 'x')).toBeUndefined();
  });

  test('gets the bytes as they come, and is done when it says so', async () => {
    let bytes = 0;
    await using served = await startFakeDocker((request, response) => {
      request.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      request.on('end', () => response.end('{"stream":"Loaded image: a:1\\n"}\n'));
    });
    await (await reached(served)).load(pieces(5), signal);
    expect(bytes).toBe(5 * 1024 * 1024);
    expect(served.asked).toEqual(['/info', '/images/load?quiet=1']);
  });

  test('that refuses the archive before it has all of it is quoted, and sent no more', async () => {
    await using served = await startFakeDocker((request, response) => {
      request.once('data', () => response.end('{"error":"no space left on device"}\n'));
    });
    const daemon = await reached(served);
    let sent = 0;
    const endless = async (write: WriteBytes): Promise<void> => {
      for (;;) {
        await write(Buffer.alloc(64 * 1024));
        sent++;
      }
    };
    await expect(daemon.load(endless, signal)).rejects.toThrow(
      'docker cannot take the image: no space left on device',
    );
    expect(sent).toBeLessThan(1000);
  });

  test('whose answer is no success, or whose connection breaks, has not taken it', async () => {
    await using refusing = await startFakeDocker((request, response) => {
      request.resume().on('end', () => {
        response.statusCode = 500;
        response.end('{"message":"disk is on fire"}');
      });
    });
    await expect((await reached(refusing)).load(pieces(1), signal)).rejects.toThrow(/: disk is on fire$/);
    await using breaking = await startFakeDocker((request) => {
      request.once('data', () => request.socket.destroy());
    });
    await expect((await reached(breaking)).load(pieces(3), signal)).rejects.toThrow(
      /^docker cannot take the image: /,
    );
  });

  test('is left when the archive cannot be made', async () => {
    await using served = await startFakeDocker((request) => request.resume());
    const broken = async (write: WriteBytes): Promise<void> => {
      await write(Buffer.alloc(10));
      throw new Error('a blob is gone');
    };
    await expect((await reached(served)).load(broken, signal)).rejects.toThrow('a blob is gone');
  });

  test('tells the layers of all its images, unless it keeps them as containerd does', async () => {
    const [a, b] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`);
    const images = {
      '/images/json': [{Id: a}, {Id: b}, {Id: 'nonsense/../../'}],
      [`/images/${a}/json`]: {RootFS: {Layers: ['sha256:1', 'sha256:2']}},
      [`/images/${b}/json`]: {RootFS: {}},
    };
    await using served = await startFakeDocker(() => {}, images);
    const daemon = await reached(served);
    expect(await daemon.layerStacks(signal)).toEqual([['sha256:1', 'sha256:2']]);
    expect(daemon.keepsIndexes).toBe(false);
    await using other = await startFakeDocker(() => {}, {...images, '/info': containerdInfo});
    const containerd = await reached(other);
    expect(containerd.keepsIndexes).toBe(true);
    expect(await containerd.layerStacks(signal)).toEqual([]);
  });
});
