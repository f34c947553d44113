// A docker of our own making, on a unix socket, that answers what it is told to.

import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type Answer = Handler | Readonly<Record<string, unknown>> | readonly unknown[];

export interface FakeDocker extends AsyncDisposable {
  /** The socket. */
  readonly path: string;
  /** In the order they came. */
  readonly asked: string[];
}

/** What docker says of itself when containerd keeps its images. */
export const containerdInfo = {DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']]};

/** `load` answers POST /images/load; `more` are answers by address, of which a function may be anything. */
export async function startFakeDocker(
  load: Handler,
  more: Readonly<Record<string, Answer>> = {},
): Promise<FakeDocker> {
  const folder = mkdtempSync(join(tmpdir(), 'tsbuild-daemon-'));
  const path = join(folder, 'sock');
  const asked: string[] = [];
  const answers: Readonly<Record<string, Answer>> = {
    '/info': {DriverStatus: [['Supports d_type', 'true']]},
    ...more,
  };
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const answer = url.startsWith('/images/load') ? load : answers[url];
    if (typeof answer === 'function') answer(request, response);
    else response.end(JSON.stringify(answer ?? {}));
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, {recursive: true, force: true});
    },
  };
}
