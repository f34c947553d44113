import {expect, it} from 'vitest';
import type {ExecOp} from '../../../src/graph/op.ts';
import {failedStep, readFailedStep} from '../../../src/ops/exec/failed-step.ts';

const op: ExecOp = {
  kind: 'exec',
  args: ['make'],
  env: ['A=1'],
  cwd: '/srv',
  user: 'app',
  hostname: 'box',
  network: 'none',
  security: 'sandbox',
  mounts: [{type: 'text', target: '/script', text: '#!/bin/sh\n', mode: 0o755}],
  extraHosts: [],
  proxyEnv: ['HTTP_PROXY=http://user:password@proxy'],
  shmSizeBytes: 1,
  ulimits: [],
  platform: {os: 'linux', architecture: 'amd64'},
  rootInput: 0,
};

it('a record has the step without what is secret', () => {
  const record = failedStep(
    {
      name: '[2/2] RUN make',
      end: {exit: 2},
      op,
      root: 'snapshot',
      prepared: [
        {type: 'tmpfs', target: '/t', sizeBytes: 0},
        {type: 'text', target: '/run/secrets/x', content: Buffer.from('hush'), mode: 0o400, uid: 0, gid: 0},
        {type: 'socket', target: '/run/agent', socket: '/tmp/agent', mode: 0o600, uid: 0, gid: 0},
        {type: 'cache', target: '/c', dir: '/state/cache', source: '/', readonly: false},
      ],
    },
    'boot',
  );
  expect(record.mounts.map(({type}) => type)).toEqual(['tmpfs', 'cache']);
  expect(record.scripts).toEqual([{target: '/script', text: '#!/bin/sh\n', mode: 0o755}]);
  expect(JSON.stringify(record)).not.toMatch(/hush|password|agent/);
  expect(readFailedStep(JSON.parse(JSON.stringify(record)))).toEqual(record);
});

it('another version’s record is not read', () => {
  expect(readFailedStep({format: 99})).toBeUndefined();
});
