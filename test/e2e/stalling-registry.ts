// A registry that answers with a manifest and a config and then never sends the layer: what a pull over a dead
// connection looks like.

import {createHash} from 'node:crypto';
import type {IncomingMessage, Server, ServerResponse} from 'node:http';

export async function stallingRegistry(
  server: Server,
): Promise<{server: Server; address: string; stalled: Promise<void>}> {
  const layer = digestOf('never sent');
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {},
    rootfs: {type: 'layers', diff_ids: [digestOf('never unpacked')]},
    history: [{created_by: 'stalls'}],
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: Buffer.byteLength(config),
    },
    layers: [{mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: layer, size: 1 << 20}],
  });
  let stall = (): void => {};
  const stalled = new Promise<void>((resolve) => {
    stall = resolve;
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? '';
    const send = (body: string, type: string): void => {
      response.writeHead(200, {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'docker-content-digest': digestOf(body),
      });
      response.end(request.method === 'HEAD' ? '' : body);
    };
    if (url.includes('/manifests/')) send(manifest, 'application/vnd.oci.image.manifest.v1+json');
    else if (url.endsWith(digestOf(config))) send(config, 'application/octet-stream');
    else if (url.includes('/blobs/')) {
      response.writeHead(200, {'content-type': 'application/octet-stream', 'content-length': 1 << 20});
      response.write(Buffer.alloc(1000));
      stall();
    } else {
      response.writeHead(url === '/v2/' ? 200 : 404);
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {server, address: `127.0.0.1:${port}`, stalled};
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
