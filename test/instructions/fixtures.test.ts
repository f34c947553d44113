// Every instruction in all its forms, as far as planning goes: config, history and graph of fixtures/instructions.

import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {ContainerConfig} from '../../src/oci/image-config.ts';
import type {Plan} from '../../src/plan/plan.ts';
import {historyOf, path, planOf, verticesOf} from '../plan/plan-of.ts';

const folder = 'fixtures/instructions';
const names = readdirSync(folder, {withFileTypes: true})
  .filter((entry) => entry.isDirectory())
  .map(({name}) => name);

/** A base image that has everything a child can inherit. */
const parent: ContainerConfig = {
  User: 'app',
  Env: [path, 'LANG=C'],
  Cmd: ['start'],
  Entrypoint: ['/entry'],
  WorkingDir: '/app',
  Labels: {vendor: 'example', base: 'parent'},
  ExposedPorts: {'22/tcp': {}},
  Volumes: {'/var/lib/app': {}},
  StopSignal: 'SIGQUIT',
  Healthcheck: {Test: ['CMD', 'inherited'], Retries: 7},
  ArgsEscaped: true,
};

/** One line for each member of the config, entry of the history and field of an op; inputs before who reads them. */
function shown(plan: Plan): string {
  const vertices = verticesOf(plan);
  return [
    'config',
    ...(plan.config.author === undefined ? [] : [`  author: ${JSON.stringify(plan.config.author)}`]),
    ...membersOf(plan.config.config).map((line) => `  ${line}`),
    'history',
    ...historyOf(plan).map((entry) => `  ${JSON.stringify(entry)}`),
    ...vertices.flatMap(({op, inputs, origin}, index) => [
      `vertex ${index}: ${JSON.stringify(origin.name)}`,
      ...membersOf(op).map((line) => `  ${line}`),
      ...(inputs.length === 0
        ? []
        : [`  inputs: ${inputs.map((input) => vertices.indexOf(input)).join(' ')}`]),
    ]),
    '',
  ].join('\n');
}

function membersOf(object: object): string[] {
  return Object.entries(object).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'object')
      ? [`${name}:`, ...value.map((item) => `  ${JSON.stringify(item)}`)]
      : [`${name}: ${JSON.stringify(value)}`],
  );
}

describe('fixtures/instructions', () => {
  it.each(names)('%s', async (name) => {
    const text = readFileSync(join(folder, name, 'Dockerfile'), 'utf8');
    const plan = await planOf(text, {
      images: {'docker.io/library/parent:latest': parent},
      buildArgs: {GIVEN: 'from outside', HTTP_PROXY: 'http://proxy.example'},
      entitlements: new Set(['security.insecure']),
    });
    await expect(shown(plan)).toMatchFileSnapshot(join('../..', folder, name, 'expected.txt'));
  });
});
