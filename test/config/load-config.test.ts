import {describe, expect, it} from 'vitest';
import {type Config, defaultRegistryConfig} from '../../src/config/config.ts';
import {defaultConfigFiles, loadConfig} from '../../src/config/load-config.ts';
import {BuildError} from '../../src/diagnostics/build-error.ts';

function load(
  files: Readonly<Record<string, string>>,
  more: {configFile?: string; environment?: Record<string, string>} = {},
): Promise<Config> {
  return loadConfig({
    environment: {HOME: '/home/me'},
    ...more,
    readFile: async (path) => {
      const text = files[path];
      if (text !== undefined) return text;
      throw Object.assign(new Error(`no ${path}`), {code: 'ENOENT'});
    },
  });
}

const read = (text: string): Promise<Config> => load({'/c/t.toml': text}, {configFile: '/c/t.toml'});

/** `line:column message; hint` of each thing wrong with a text. */
async function mistakes(text: string): Promise<string[]> {
  const error = await read(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BuildError);
  if (!(error instanceof BuildError)) return [];
  expect(error.kind).toBe('usage');
  return error.diagnostics.map(({file, span, message, hints}) => {
    expect(file?.path).toBe('/c/t.toml');
    return [`${span?.line}:${span?.column} ${message}`, ...(hints ?? [])].join('; ');
  });
}

describe('where the configuration is', () => {
  it('is the home directory of configurations, then /etc', () => {
    expect(defaultConfigFiles({HOME: '/h'})).toEqual([
      '/h/.config/tsbuild/tsbuild.toml',
      '/etc/tsbuild/tsbuild.toml',
    ]);
    expect(defaultConfigFiles({HOME: '/h', XDG_CONFIG_HOME: '/x'})[0]).toBe('/x/tsbuild/tsbuild.toml');
    expect(defaultConfigFiles({HOME: '/h', XDG_CONFIG_HOME: 'x'})[0]).toBe('/h/.config/tsbuild/tsbuild.toml');
    expect(defaultConfigFiles({})).toEqual(['/etc/tsbuild/tsbuild.toml']);
  });

  it('may be nowhere', async () => {
    expect(await load({})).toEqual({
      registries: new Map(),
      certificatePlaces: [
        '/home/me/.config/docker/certs.d',
        '/home/me/.config/containers/certs.d',
        '/etc/docker/certs.d',
        '/etc/containers/certs.d',
      ],
      dns: {nameservers: [], options: [], searchDomains: []},
      gc: {enabled: true, policies: []},
    });
  });

  it('is the first that exists', async () => {
    const files = {
      '/etc/tsbuild/tsbuild.toml': '[registry."a"]\nhttp = true',
      '/home/me/.config/tsbuild/tsbuild.toml': '[registry."b"]\nhttp = true',
    };
    expect([...(await load(files)).registries.keys()]).toEqual(['b']);
    expect([...(await load(files, {environment: {}})).registries.keys()]).toEqual(['a']);
  });

  it('is an error when it was named and is not there', async () => {
    await expect(load({}, {configFile: 'x.toml'})).rejects.toThrow(
      'cannot read configuration file x.toml: no such file',
    );
  });
});

describe('a configuration', () => {
  it('holds registries as buildkitd has them', async () => {
    const config = await read(`
[registry."docker.io"]
  mirrors = ["mirror.local:5000", "core.harbor.domain/proxy.docker.io/"]
  http = true
  insecure = true
  ca = ["/etc/ca.pem", "own.pem"]
  tlsconfigdir = ["/etc/hub", "hub"]
  [[registry."docker.io".keypair]]
    key = "/etc/key.pem"
    cert = "cert.pem"
[registry."[::1]:5000"]
`);
    expect(config.path).toBe('/c/t.toml');
    expect(config.registries.get('docker.io')).toEqual({
      mirrors: ['mirror.local:5000', 'core.harbor.domain/proxy.docker.io'],
      http: true,
      insecure: true,
      ca: ['/etc/ca.pem', '/c/own.pem'],
      keypair: [{key: '/etc/key.pem', cert: '/c/cert.pem'}],
      tlsFolders: ['/etc/hub', '/c/hub'],
    });
    expect(config.registries.get('[::1]:5000')).toEqual(defaultRegistryConfig);
  });

  it('may be empty', async () => {
    expect((await read('# nothing\n')).registries.size).toBe(0);
  });
});

describe('a mistake in it', () => {
  it('in the syntax has its place', async () => {
    expect(await mistakes('[registry."docker.io"]\nmirrors = [\n')).toEqual([
      expect.stringMatching(/^\d:\d invalid TOML: /),
    ]);
    expect(await mistakes('[registry."docker.io"]\nhttp = yes\n')).toEqual([
      expect.stringMatching(/^2:\d+ invalid TOML: /),
    ]);
  });

  it.each([
    [
      '[registry."docker.io"]\n  inscure = true',
      '2:2 unknown key inscure in [registry."docker.io"]; did you mean insecure?',
    ],
    ['[registri."docker.io"]', '1:1 unknown key registri; did you mean registry?'],
    [
      '[log]\nx = 1',
      '1:1 unknown key log; log is a setting of buildkitd that tsbuild does not have; remove it',
    ],
    [
      '[otel]\nsocketPath = "x"',
      '1:1 unknown key otel; otel is a setting of buildkitd that tsbuild does not have; remove it',
    ],
    [
      '[registry."a"]\nplain = ["x"]',
      '2:0 unknown key plain in [registry.a]; known here: mirrors, http, insecure, ca, keypair, tlsconfigdir',
    ],
    ['registry = 1', '1:0 registry must be a table like [registry."docker.io"], not 1'],
    ['[registry]\n"a" = "b"', '2:0 registry.a must be a table like [registry."a"], not "b"'],
    ['[registry."a"]\nhttp = "true"', '2:0 registry.a.http must be true or false, not "true"'],
    [
      '[registry."a"]\nmirrors = "b"',
      '2:0 registry.a.mirrors must be a list of texts like ["a", "b"], not "b"',
    ],
    ['[registry."a"]\nca = [1]', '2:0 registry.a.ca must be a list of texts like ["a", "b"], not a list'],
    ['registry."a.b".http = 1', '1:0 registry."a.b".http must be true or false, not 1'],
    ['[registry."a"]\nkeypair = [{key = "k"}]', '2:0 a keypair needs the two files key and cert'],
    [
      '[registry."https://a"]',
      '1:1 "https://a" is no registry host, expected host[:port]; write it without https://: "a"',
    ],
    [
      '[registry."a"]\nmirrors = ["http://b:5000/x"]',
      '2:0 "http://b:5000/x" is no mirror, expected host[:port][/path]; ' +
        'write "b:5000/x", and http = true below [registry."b:5000"]',
    ],
    ['[registry."a"]\nmirrors = ["b//c"]', '2:0 "b//c" is no mirror, expected host[:port][/path]'],
  ])('%j: %s', async (text, expected) => {
    expect(await mistakes(text)).toEqual([expected]);
  });

  it('does not hide the others', async () => {
    expect(await mistakes('[registry."a"]\nhttp = 1\ninsecure = 2\n[log]\n')).toHaveLength(3);
  });

  it('of a list of keypairs is found in its own section', async () => {
    expect(await mistakes('[[registry."a".keypair]]\nkey = "k"\ncert = "c"\nkex = "x"\n')).toEqual([
      '4:0 unknown key kex in [registry.a.keypair]; did you mean key?',
    ]);
  });
});

describe('[dns]', () => {
  it('is as in buildkitd.toml', async () => {
    const text =
      '[dns]\nnameservers = ["192.0.2.1", "::1"]\noptions = ["edns0"]\nsearchDomains = ["a.example"]';
    expect((await read(text)).dns).toEqual({
      nameservers: ['192.0.2.1', '::1'],
      options: ['edns0'],
      searchDomains: ['a.example'],
    });
  });

  it('may say a part', async () => {
    expect((await read('[dns]\noptions = ["edns0"]')).dns).toEqual({
      nameservers: [],
      options: ['edns0'],
      searchDomains: [],
    });
  });

  it('is told with its mistakes', async () => {
    expect(await mistakes('[dns]\nnameservers = ["dns.example"]\nsearchDomain = ["x"]')).toEqual([
      '3:0 unknown key searchDomain in [dns]; did you mean searchDomains?',
      '2:0 "dns.example" is not an IP address',
    ]);
    expect(await mistakes('dns = 1')).toEqual(['1:0 dns must be a table like [dns], not 1']);
  });
});
