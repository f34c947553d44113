import {createHash} from 'node:crypto';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {dockerEndpoint} from '../../src/daemon/endpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsbuild-endpoint-'));
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function context(name: string, docker: object, tls: Readonly<Record<string, string>> = {}): void {
  const id = createHash('sha256').update(name).digest('hex');
  mkdirSync(join(folder, 'contexts/meta', id), {recursive: true});
  writeFileSync(join(folder, 'contexts/meta', id, 'meta.json'), JSON.stringify({Endpoints: {docker}}));
  mkdirSync(join(folder, 'contexts/tls', id, 'docker'), {recursive: true});
  for (const [file, text] of Object.entries(tls)) {
    writeFileSync(join(folder, 'contexts/tls', id, 'docker', file), text);
  }
}

const where = async (environment: Record<string, string>, named?: string): Promise<unknown> => {
  const {endpoint, isNamed} = await dockerEndpoint({DOCKER_CONFIG: folder, ...environment}, named);
  return [endpoint.type === 'socket' ? endpoint.path : endpoint, isNamed];
};

test('the usual socket is meant where nothing is said, and not insisted upon', async () => {
  expect(await where({})).toEqual(['/var/run/docker.sock', false]);
});

test('a named context wins over DOCKER_HOST, that over DOCKER_CONTEXT, that over the current context', async () => {
  for (const name of ['named', 'chosen', 'current']) context(name, {Host: `unix:///run/${name}.sock`});
  writeFileSync(join(folder, 'config.json'), '{"currentContext":"current"}');
  const environment = {DOCKER_HOST: 'unix:///run/host.sock', DOCKER_CONTEXT: 'chosen'};
  expect(await where(environment, 'named')).toEqual(['/run/named.sock', true]);
  expect(await where(environment)).toEqual(['/run/host.sock', true]);
  expect(await where({DOCKER_CONTEXT: 'chosen'})).toEqual(['/run/chosen.sock', true]);
  expect(await where({})).toEqual(['/run/current.sock', true]);
  expect(await where({DOCKER_CONTEXT: 'default'})).toEqual(['/var/run/docker.sock', false]);
  expect(await where({}, 'default')).toEqual(['/var/run/docker.sock', true]);
});

test('over the network there are certificates where the context or the environment has some', async () => {
  expect(await where({DOCKER_HOST: 'tcp://d.example'})).toEqual([
    {type: 'network', host: 'd.example', port: 2375, tls: undefined},
    true,
  ]);
  context('far', {Host: 'tcp://d.example:9', SkipTLSVerify: true}, {'ca.pem': 'ca', 'key.pem': 'key'});
  const tls = {ca: Buffer.from('ca'), cert: undefined, key: Buffer.from('key'), verify: false};
  expect(await where({}, 'far')).toEqual([{type: 'network', host: 'd.example', port: 9, tls}, true]);
  writeFileSync(join(folder, 'cert.pem'), 'cert');
  const secured = {DOCKER_HOST: 'tcp://d.example', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder};
  expect(await where(secured)).toMatchObject([
    {port: 2376, tls: {cert: Buffer.from('cert'), verify: true}},
    true,
  ]);
});

test('a context that there is not, and an address of another kind, are told plainly', async () => {
  await expect(where({}, 'nowhere')).rejects.toThrow('there is no docker context "nowhere"');
  await expect(where({DOCKER_HOST: 'ssh://me@d.example'})).rejects.toThrow(
    'docker at ssh://me@d.example cannot be reached: expected unix:// or tcp://',
  );
});
