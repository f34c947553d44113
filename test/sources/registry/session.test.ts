// Who said no: the registry itself, however its name is written, or a host that it has sent us to.

import {expect, it} from 'vitest';
import type {Authenticator} from '../../../src/sources/registry/authenticator.ts';
import type {HttpClient} from '../../../src/sources/registry/http.ts';
import {StorageRefusal} from '../../../src/sources/registry/retry.ts';
import {AccessDenied, RegistrySession} from '../../../src/sources/registry/session.ts';

const {signal} = new AbortController();

/** What a read of a registry of this name ends with, when 403 comes from `from`. */
function refusal(host: string, from: string): Promise<unknown> {
  const answer = {status: 403, headers: {}, url: new URL(from), bytes: async () => new Uint8Array()};
  const http = {request: async () => answer} as unknown as HttpClient;
  const auth = {header: () => undefined, knows: async () => false} as unknown as Authenticator;
  const pacing = {wait: async () => {}, random: () => 1, nowMs: () => 0};
  const endpoint = {
    host,
    name: host,
    root: '/v2',
    mirror: false,
    hurried: false,
    schemes: ['https'],
    tls: {},
  };
  const session = new RegistrySession(http, auth, pacing);
  return session
    .send(endpoint as unknown as Parameters<RegistrySession['send']>[0], {
      path: '/a/blobs/x',
      scope: 's',
      signal,
    })
    .catch((error: unknown) => error);
}

it.each(['example.com', 'example.com:443'])('a registry %s that refuses is no storage', async (host) => {
  expect(await refusal(host, 'https://example.com/v2/a/blobs/x')).toBeInstanceOf(AccessDenied);
  expect(await refusal(host, 'https://storage.example.com/x')).toBeInstanceOf(StorageRefusal);
});
