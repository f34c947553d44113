// The process of a sandbox can make its worker the parent or the tracer of others, which the kernel then keeps until
// the worker has waited for them; the first process of the sandbox does not end before. The run ends all the same.
// And it can make it the tracer of itself, which stops it until its tracer says so.

import {execFileSync} from 'node:child_process';
import {chmodSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {systemCallArguments} from '../../src/ops/exec/system-call-filter.ts';
import {SandboxWorld, whyNotHere} from '../support/sandbox-world.ts';

describe.skipIf(whyNotHere() !== undefined)('what a process leaves to its worker', () => {
  const world = new SandboxWorld();
  afterAll(() => world.close());

  beforeAll(() => {
    for (const name of ['dev', 'proc', 'sys', 'tmp']) world.makeDirectory(`base/${name}`);
    const source = fileURLToPath(new URL('strays.c', import.meta.url));
    const program = world.path('base/bin/strays');
    execFileSync('cc', ['-static', '-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
    chmodSync(program, 0o755);
  });

  for (const kind of ['child', 'traced'])
    for (const end of ['ends', 'waits'])
      it(`does not keep a run from its end: one that is ${kind}, and ${end}`, async () => {
        const filter = await systemCallArguments('sandbox');
        const left = () => world.run(world.newLayer(), [...filter, ...['strays', kind, end].map(asArgument)]);
        for (let step = 0; step < 4; step++) expect((await left()).result.get('exit')).toBe('0');
      });

  for (const [stop, end] of [
    ['executes', ['exit', '0']],
    ['is-signalled', ['signal', '15']],
  ] as const)
    it(`does not wait for a tracer when it has itself traced, and ${stop}`, async () => {
      const {result} = await world.run(world.newLayer(), ['strays', 'self', stop].map(asArgument));
      expect([...result]).toContainEqual(end);
    });

  it('does not wait for a tracer while others write to its terminal all the time', async () => {
    const script = 'while sleep 0.1; do echo .; done & exec strays self executes';
    const args = ['sh', '-c', script].map(asArgument);
    const {result} = await world.run(world.newLayer(), ['tty=1', ...args]);
    expect(result.get('exit')).toBe('0');
  });
});

function asArgument(text: string): string {
  return `arg=${text}`;
}
