import {describe, expect, it} from 'vitest';
import {type Endpoint, endpointsOf} from '../../../src/sources/registry/endpoints.ts';
import {configOf} from './rig.ts';

const shown = ({host, root, schemes, tls}: Endpoint): string =>
  `${schemes.join('|')}://${host}${root}${tls.insecure ? ' insecure' : ''}`;
const endpoints = (domain: string, registries: Parameters<typeof configOf>[0] = {}): string[] =>
  endpointsOf(domain, configOf(registries)).map(shown);

describe('where images of a registry are', () => {
  it.each([
    ['docker.io', 'https://registry-1.docker.io/v2'],
    ['ghcr.io', 'https://ghcr.io/v2'],
    ['a.io:5000', 'https://a.io:5000/v2'],
    ['localhost', 'https|http://localhost/v2 insecure'],
    ['localhost:5000', 'https|http://localhost:5000/v2 insecure'],
    ['127.0.0.1:5000', 'https|http://127.0.0.1:5000/v2 insecure'],
    ['127.8.9.1', 'https|http://127.8.9.1/v2 insecure'],
    ['[::1]:5000', 'https|http://[::1]:5000/v2 insecure'],
    ['localhost.io', 'https://localhost.io/v2'],
  ])('%s: %s', (domain, expected) => {
    expect(endpoints(domain)).toEqual([expected]);
  });

  it('follows the settings of the host', () => {
    expect(endpoints('a.io', {'a.io': {http: true}})).toEqual(['http://a.io/v2']);
    expect(endpoints('a.io', {'a.io': {insecure: true}})).toEqual(['https|http://a.io/v2 insecure']);
    expect(endpoints('a.io', {'a.io': {insecure: true, http: false}})).toEqual(['https://a.io/v2 insecure']);
    expect(endpoints('localhost', {localhost: {http: false}})).toEqual(['https://localhost/v2']);
  });

  it('has certificates where docker and podman keep them, or where the configuration says', () => {
    const config = {
      ...configOf({'b.io': {tlsFolders: ['/own']}, 'a.io:5000': {mirrors: ['b.io']}}),
      certificatePlaces: ['/etc/docker/certs.d', '/etc/containers/certs.d'],
    };
    const folders = (domain: string): string[][] =>
      endpointsOf(domain, config).map(({tls}) => tls.folders.map(({path}) => path));
    expect(folders('a.io:5000')).toEqual([
      ['/own'],
      ['/etc/docker/certs.d/a.io:5000', '/etc/containers/certs.d/a.io:5000'],
    ]);
    expect(folders('docker.io')[0]?.slice(0, 2)).toEqual([
      '/etc/docker/certs.d/docker.io',
      '/etc/docker/certs.d/registry-1.docker.io',
    ]);
  });

  it('is its mirrors first, each with its own settings', () => {
    const all = endpointsOf(
      'docker.io',
      configOf({
        'docker.io': {mirrors: ['m.io/proxy/hub', 'n.io:5000'], ca: ['/hub.pem']},
        'm.io': {http: true},
        'n.io:5000': {ca: ['/n.pem']},
      }),
    );
    expect(all.map(shown)).toEqual([
      'http://m.io/v2/proxy/hub',
      'https://n.io:5000/v2',
      'https://registry-1.docker.io/v2',
    ]);
    expect(all.map(({tls}) => tls.ca)).toEqual([[], ['/n.pem'], ['/hub.pem']]);
    expect(all.map(({namespace}) => namespace)).toEqual(['docker.io', 'docker.io', undefined]);
    expect(all.map(({mirror, name}) => [mirror, name])).toEqual([
      [true, 'm.io'],
      [true, 'n.io:5000'],
      [false, 'docker.io'],
    ]);
  });
});
