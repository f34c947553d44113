// An HTTP server in this process whose every answer is the test's, and which notes every request.

import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export type Answer = (request: SeenRequest, response: ServerResponse, count: number) => void;

export interface FileServer {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** Host and port. */
  readonly host: string;
  readonly seen: SeenRequest[];
  /** What is done from now on. */
  answer: Answer;
  close(): Promise<void>;
}

export async function startFileServer(answer: Answer): Promise<FileServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((message, response) => {
    const request = {method: message.method ?? '', path: message.url ?? '', headers: message.headers};
    seen.push(request);
    result.answer(request, response, seen.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const result: FileServer = {
    address: `http://${host}`,
    host,
    seen,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return result;
}

/** A file with an ETag and Last-Modified, and a server that heeds If-None-Match and Range. */
export function file(
  text: string,
  etag: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Answer {
  return ({headers}, response) => {
    const validators = {...(etag === undefined ? {} : {etag}), ...more};
    if (etag !== undefined && headers['if-none-match'] === etag) {
      response.writeHead(304, validators).end();
      return;
    }
    response.writeHead(200, {...validators, 'content-length': Buffer.byteLength(text)}).end(text);
  };
}
