// A Node service as people write one: dependencies from a lock file through a cache mount, a TypeScript build, a small
// runtime stage with a user of its own and a health check. Built from nothing, built again, edited, and run by podman.

import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {namesOf, type Steps, type Workspace, workspaceWithBases} from './command.ts';
import {type ImageOnDisk, membersOf, readArchive} from './image.ts';
import {Podman} from './podman.ts';
import {openProject, type Project, proxyArgs, whyNoProject} from './project.ts';

const reason = await whyNoProject('https://registry.npmjs.org/');
let space: Workspace;
let project: Project;
let archive: string;
let first: Steps;
let image: ImageOnDisk;

/** As somebody builds it whose company has a certificate authority of its own. */
async function build(...more: readonly string[]): Promise<Steps> {
  const npmrc = join(space.folder, 'npmrc');
  const authorities = process.env['NODE_EXTRA_CA_CERTS'] ?? '/etc/ssl/certs/ca-certificates.crt';
  await writeFile(npmrc, 'cafile=/run/secrets/ca\n');
  const args = [
    '-t',
    'links:1.4',
    '--build-arg',
    `NODE_VERSION=${process.versions.node.split('.')[0]}`,
    '--build-arg',
    'VERSION=1.4.0',
    ...proxyArgs,
    '--secret',
    `id=npmrc,src=${npmrc}`,
    '--secret',
    `id=ca,src=${authorities}`,
  ];
  return (await space.build([...args, ...more, project.context], {root: project.root})).steps;
}

/** From inside the container, as soon as it answers: the user, and where a new link leads. */
function askService(podman: Podman, container: string): string {
  const script = `const at = 'http://127.0.0.1:3000';
    const body = JSON.stringify({url: 'https://example.com/a'});
    const headers = {'content-type': 'application/json'};
    for (let tries = 0; tries < 1000; tries++) {
      if (await fetch(at + '/healthz').then(() => true, () => false)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const made = await (await fetch(at + '/links', {method: 'POST', headers, body})).json();
    const found = await fetch(at + '/' + made.id, {redirect: 'manual'});
    console.log(process.getuid(), found.status, found.headers.get('location'));`;
  return podman.call('exec', container, 'node', '--input-type=module', '-e', script);
}

describe.skipIf(reason !== undefined)('the Node service', () => {
  beforeAll(async () => {
    space = await workspaceWithBases({images: ['node']});
    project = await openProject(space, 'node-service');
    archive = join(space.folder, 'links.tar');
    first = await build('-o', `type=oci,dest=${archive}`);
    image = readArchive(archive, space.folder);
  });
  afterAll(async () => {
    await space?.[Symbol.asyncDispose]();
  });

  describe('the first build', () => {
    it('runs each step of the stages it needs once', () => {
      expect(namesOf(first, 'cached')).toEqual([]);
      expect(namesOf(first, 'done').filter((name) => name.includes('npm ci'))).toHaveLength(2);
      expect([...first.keys()].filter((name) => name.startsWith('[test'))).toEqual([]);
    });

    it('gives the config that the Dockerfile asks for', () => {
      const {config} = image.config;
      expect(config).toMatchObject({
        User: 'node',
        WorkingDir: '/app',
        ExposedPorts: {'3000/tcp': {}},
        StopSignal: 'SIGINT',
        Cmd: ['node', 'dist/server.js'],
        Labels: {'org.opencontainers.image.title': 'links', 'org.opencontainers.image.version': '1.4.0'},
        Healthcheck: {
          Test: ['CMD', 'node', 'dist/healthcheck.js'],
          Interval: 10e9,
          Timeout: 3e9,
          StartPeriod: 5e9,
          Retries: 3,
        },
      });
      expect(config['Env']).toEqual(
        expect.arrayContaining(['NODE_ENV=production', 'HOST=0.0.0.0', 'PORT=3000', 'NPM_CONFIG_FUND=false']),
      );
    });

    it('tells its history line by line', () => {
      const base = 2 + image.config.history.findIndex(({created_by: by}) => by?.startsWith('CMD '));
      const lines = image.config.history.slice(base - 1);
      expect(
        lines.map(({created_by: by, empty_layer: empty}) => `${empty === true ? '-' : '+'} ${by}`),
      ).toEqual([
        '- ENV NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_FUND=false',
        '+ WORKDIR /app',
        '- ARG VERSION=1.4.0',
        '- LABEL org.opencontainers.image.title=links org.opencontainers.image.version=1.4.0',
        '- ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000',
        '+ COPY --chown=node:node /app/node_modules/ node_modules/ # buildkit',
        '+ COPY --chown=node:node /app/dist/ dist/ # buildkit',
        '+ COPY --chown=node:node package.json ./ # buildkit',
        '- USER node',
        '- EXPOSE [3000/tcp]',
        '- STOPSIGNAL SIGINT',
        '- HEALTHCHECK {Test:[CMD node dist/healthcheck.js] Interval:10s Timeout:3s StartPeriod:5s StartInterval:0s Retries:3}',
        '- CMD ["node" "dist/server.js"]',
      ]);
    });

    it('holds what runs and nothing of what built it', () => {
      const own = image.layers.slice(-4);
      const names = own.flatMap(membersOf);
      expect(names).toContain('app/node_modules/fastify/package.json');
      expect(names).toContain('app/dist/server.js');
      const unwanted =
        /node_modules\/(?:typescript|@types)\/|app\/dist\/.*\.test\.js$|app\/src\/|root\/\.npm|npmrc|run\/secrets/;
      expect(names.filter((name) => unwanted.test(name))).toEqual([]);
      const size = own.reduce((sum, layer) => sum + layer.length, 0);
      expect(size).toBeGreaterThan(1e6);
      expect(size).toBeLessThan(15e6);
    });
  });

  describe('a later build', () => {
    it('executes nothing when nothing changed', async () => {
      const metadata = join(space.folder, 'metadata.json');
      expect(namesOf(await build('--metadata-file', metadata), 'done')).toEqual([]);
      const told = JSON.parse(await readFile(metadata, 'utf8')) as Readonly<Record<string, unknown>>;
      expect(told['containerimage.config.digest']).toBe(image.configDigest);
    });

    it('installs nothing when a source file is edited', async () => {
      const source = join(project.context, 'src', 'app.ts');
      await writeFile(source, (await readFile(source, 'utf8')).replace("status: 'ok'", "status: 'fine'"));
      const steps = await build();
      expect(namesOf(steps, 'done')).toEqual([
        expect.stringMatching(/^\[build .*COPY src\/ src\/$/),
        expect.stringMatching(/^\[build .*RUN npm run build$/),
        expect.stringMatching(/^\[runtime .*COPY --from=build .* dist\/$/),
        expect.stringMatching(/^\[runtime .*COPY --chown=node:node package.json .\/$/),
      ]);
    });

    it('runs the tests of the project when they are asked for', async () => {
      const steps = await build('--target', 'test');
      expect(namesOf(steps, 'done')).toContainEqual(expect.stringMatching(/^\[test .*RUN npm test$/));
    });
  });

  describe('podman', () => {
    it('runs it as its own user, healthy, until it is stopped', async (test) => {
      const podman = Podman.holding(test, space, archive, 'links:1.4', '/bin/true');
      try {
        expect(podman.run(['-d', '--name', 'plain', 'links:1.4']).status).toBe(0);
        expect(askService(podman, 'plain')).toBe('1000 302 https://example.com/a\n');
        podman.call('rm', '--force', '--time', '0', 'plain');

        // podman keeps a health check of docker's format only: the archive that says so in its media types.
        const docker = join(space.folder, 'links-docker.tar');
        await build('-t', 'links:1.4', '-o', `type=docker,dest=${docker}`);
        podman.call('load', '-q', '-i', docker);
        expect(podman.run(['-d', '--name', 'links', 'links:1.4']).status).toBe(0);
        expect(askService(podman, 'links')).toBe('1000 302 https://example.com/a\n');
        podman.call('exec', 'links', 'node', 'dist/healthcheck.js');
        // The three seconds of the Dockerfile are for a machine that serves; one that has other work may need more.
        expect(podman.tell('healthcheck', 'run', 'links')).toMatch(/^0 |exceeded timeout of 3s/);
        podman.call('stop', '--time', '20', 'links');
        expect(podman.call('logs', 'links')).toContain('SIGINT, closing');
        expect(podman.call('inspect', 'links', '--format', '{{.State.ExitCode}}')).toBe('0\n');
      } finally {
        podman.close();
      }
    });
  });

  it('leaves nothing behind', async () => {
    expect(await space.leftovers()).toEqual([]);
  });
});
