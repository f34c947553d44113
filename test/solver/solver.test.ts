// The scheduler's contract, shown with invented ops: no Dockerfile, no container, no clock, no disk.

import {describe, expect, it} from 'vitest';
import type {BuildEvent} from '../../src/progress/events.ts';
import type {Miss} from '../../src/solver/look-up.ts';
import type {Solved} from '../../src/solver/op-runner.ts';
import type {MissedStep} from '../../src/solver/result-cache.ts';
import {slots} from '../../src/solver/slots.ts';
import {type SolveSummary, solve} from '../../src/solver/solver.ts';
import {FakeOps, type FakeVertex, fakeVertex, MemoryCache, memoryLocks} from '../support/fake-ops.ts';

class World {
  readonly ops = new FakeOps();
  readonly cache = new MemoryCache();
  readonly locks = memoryLocks();
  readonly events: BuildEvent[] = [];

  async solve(
    target: FakeVertex,
    signal = new AbortController().signal,
    concurrency = 4,
  ): Promise<{result: Solved<string>; executed: number; cached: number}> {
    const {results, ...counts} = await this.solveAll([target], signal, concurrency);
    if (results[0] === undefined) throw new Error('one target has one result');
    return {result: results[0], ...counts};
  }

  solveAll(
    targets: readonly FakeVertex[],
    signal = new AbortController().signal,
    concurrency = 4,
    beforeRun?: (misses: readonly Miss<FakeVertex>[]) => Promise<void>,
  ): Promise<SolveSummary<string>> {
    return solve(
      targets,
      {
        runners: this.ops.runners(),
        cache: this.cache,
        slots: slots(concurrency),
        locks: this.locks,
        emit: (event) => this.events.push(event),
        clock: {nowMs: () => 0},
        ...(beforeRun === undefined ? {} : {beforeRun}),
      },
      signal,
    );
  }

  outcomes(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'step-finished' ? [`${event.name} ${event.outcome}`] : [],
    );
  }
}

const base = fakeVertex('source', 'base');

describe('solve', () => {
  it('runs each vertex of a diamond once and gives the target', async () => {
    //      base
    //      /  \
    //     l    r
    //      \  /
    //       top
    const world = new World();
    const left = fakeVertex('join', 'l', [base]);
    const right = fakeVertex('join', 'r', [base]);
    const {result, executed} = await world.solve(fakeVertex('join', 'top', [left, right]));
    expect(result.value).toBe('top(l(base),r(base))');
    expect(executed).toBe(3);
    expect(world.ops.ran.toSorted()).toEqual(['l', 'r', 'top']);
  });

  it('executes nothing the second time, and says so for every step', async () => {
    const world = new World();
    const target = fakeVertex('join', 'b', [fakeVertex('join', 'a', [base])]);
    const first = await world.solve(target);
    world.events.length = 0;
    const second = await world.solve(target);
    expect(second).toMatchObject({result: first.result, executed: 0, cached: 2});
    expect(world.outcomes()).toEqual(['a cached', 'b cached']);
  });

  it('tells what a step used when it ran, and again when it is found', async () => {
    const world = new World();
    const usage = {wallMs: 40, cpuMs: 30, memoryBytes: 4096, readBytes: 1, writtenBytes: 2};
    world.ops.used.set('a', usage);
    const target = fakeVertex('join', 'b', [fakeVertex('join', 'a', [base])]);
    const told = (): unknown[] =>
      world.events.flatMap((event) =>
        event.type === 'step-finished' ? [[event.name, event.outcome, event.usage]] : [],
      );
    await world.solve(target);
    expect(told()).toEqual([
      ['a', 'done', usage],
      ['b', 'done', undefined],
    ]);
    world.events.length = 0;
    await world.solve(target);
    expect(told()).toEqual([
      ['a', 'cached', usage],
      ['b', 'cached', undefined],
    ]);
  });

  it('tells what a failed step used', async () => {
    const world = new World();
    const usage = {wallMs: 40, cpuMs: 30, memoryBytes: 4096, readBytes: 1, writtenBytes: 2};
    world.ops.used.set('a', usage);
    world.ops.failures.set('a', new Error('exit code: 1'));
    await expect(world.solve(fakeVertex('join', 'a', [base]))).rejects.toThrow('exit code: 1');
    expect(world.events.at(-1)).toMatchObject({type: 'step-finished', outcome: 'error', usage});
  });

  it('runs only what stands on a changed step', async () => {
    const world = new World();
    const a = fakeVertex('join', 'a', [base]);
    await world.solve(fakeVertex('join', 'c', [fakeVertex('join', 'b', [a])]));
    world.ops.ran.length = 0;
    await world.solve(fakeVertex('join', 'c', [fakeVertex('join', 'b2', [a])]));
    expect(world.ops.ran).toEqual(['b2', 'c']);
  });

  it('keys a context by its content: touched is a hit, changed is a miss', async () => {
    const world = new World();
    const target = fakeVertex('copy', 'copy', [base, fakeVertex('context', 'ctx')]);
    world.ops.contexts.set('ctx', 'one');
    await world.solve(target);
    expect((await world.solve(target)).executed).toBe(0);
    world.ops.contexts.set('ctx', 'two');
    expect((await world.solve(target)).executed).toBe(1);
    world.ops.contexts.set('ctx', 'one');
    expect((await world.solve(target)).executed).toBe(0);
  });

  it('a rebuilt stage with the same output costs nothing downstream', async () => {
    const world = new World();
    world.ops.results.set('build v1', 'binary');
    world.ops.results.set('build v2', 'binary');
    const image = (build: string): FakeVertex =>
      fakeVertex('join', 'after', [fakeVertex('copy', 'copy', [base, fakeVertex('join', build, [base])])]);
    await world.solve(image('build v1'));
    world.ops.ran.length = 0;
    await world.solve(image('build v2'));
    expect(world.ops.ran).toEqual(['build v2']);
    world.ops.ran.length = 0;
    await world.solve(image('build v2'));
    expect(world.ops.ran).toEqual([]);
  });

  it('a vertex that hits needs nothing below it', async () => {
    const world = new World();
    const target = fakeVertex('join', 'top', [fakeVertex('join', 'below', [base])]);
    await world.solve(target);
    world.cache.lost.add('below(base)');
    world.ops.ran.length = 0;
    expect((await world.solve(target)).executed).toBe(0);
    expect(world.ops.ran).toEqual([]);
  });

  it('does not believe a record whose result is gone, and then nothing that stood on the old bits', async () => {
    const world = new World();
    const below = fakeVertex('join', 'below', [base]);
    await world.solve(fakeVertex('join', 'top', [below]));
    world.cache.lost.add('below(base)');
    world.ops.results.set('below', 'other bits');
    world.ops.ran.length = 0;
    // `side` makes the solver need below itself; top must follow the new bits from now on.
    await world.solve(fakeVertex('join', 'side', [below]));
    await world.solve(fakeVertex('join', 'top', [below]));
    expect(world.ops.ran).toEqual(['below', 'side', 'top']);
  });

  it('runs a step that is told to ignore the cache, and all that stands on it', async () => {
    const world = new World();
    const target = (ignore: boolean): FakeVertex =>
      fakeVertex('join', 'b', [fakeVertex('join', 'a', [base], ignore)]);
    await world.solve(target(false));
    world.ops.ran.length = 0;
    await world.solve(target(true));
    expect(world.ops.ran).toEqual(['a', 'b']);
    // The newest result stands: the next ordinary build uses it.
    world.ops.ran.length = 0;
    await world.solve(target(false));
    expect(world.ops.ran).toEqual([]);
  });

  it('does not record a result whose inputs changed while they were read, nor trust what stands on it', async () => {
    const world = new World();
    const target = fakeVertex('join', 'after', [fakeVertex('join', 'copy', [base])]);
    world.ops.volatile.add('copy');
    await world.solve(target);
    world.ops.volatile.clear();
    world.ops.ran.length = 0;
    await world.solve(target);
    expect(world.ops.ran).toEqual(['copy', 'after']);
  });

  it('runs a step wanted by two builds once; the other waits and says so', async () => {
    const world = new World();
    const target = fakeVertex('join', 'slow', [base]);
    const gate = world.ops.gate('slow');
    const first = world.solve(target);
    await gate.started;
    const second = world.solve(target);
    await Promise.resolve();
    gate.open();
    expect((await first).executed + (await second).executed).toBe(1);
    expect(world.ops.ran).toEqual(['slow']);
  });

  it('runs equal steps of two stages once', async () => {
    const world = new World();
    // Not the same vertex (other inputs), but the same content under the same op: one content key.
    world.ops.results.set('x', 'same');
    world.ops.results.set('y', 'same');
    const one = fakeVertex('copy', 'copy', [base, fakeVertex('join', 'x', [base])]);
    const two = fakeVertex('copy', 'copy', [base, fakeVertex('join', 'y', [base])]);
    await world.solve(fakeVertex('join', 'top', [one, two]));
    expect(world.ops.ran.filter((text) => text === 'copy')).toEqual(['copy']);
  });

  it('holds no slot while waiting for inputs: a chain resolves with a single slot', async () => {
    const world = new World();
    let target = base;
    for (let index = 0; index < 20; index++) target = fakeVertex('join', `s${index}`, [target, base]);
    expect((await world.solve(target, undefined, 1)).executed).toBe(20);
  });

  it('starts the step with the longest way to the target first', async () => {
    const world = new World();
    const long = fakeVertex('join', 'l2', [fakeVertex('join', 'l1', [fakeVertex('join', 'long', [base])])]);
    const short = fakeVertex('join', 'short', [base]);
    const first = fakeVertex('join', 'first', [base]);
    const gate = world.ops.gate('first');
    const solving = world.solve(fakeVertex('join', 'top', [first, short, long]), undefined, 1);
    await gate.started;
    gate.open();
    await solving;
    expect(world.ops.ran.indexOf('long')).toBeLessThan(world.ops.ran.indexOf('short'));
  });

  it('cancels the others at the first failure, waits for them and throws that failure', async () => {
    const world = new World();
    const gate = world.ops.gate('other');
    const bad = world.ops.gate('bad');
    world.ops.failures.set('bad', new Error('exit 1'));
    const target = fakeVertex('join', 'top', [
      fakeVertex('join', 'other', [base]),
      fakeVertex('join', 'bad', [base]),
    ]);
    const solving = world.solve(target);
    await Promise.all([gate.started, bad.started]);
    bad.open();
    await expect(solving).rejects.toThrow('exit 1');
    expect(world.outcomes().toSorted()).toEqual(['bad error', 'other canceled']);
    expect(world.ops.ran).not.toContain('top');
  });

  it('tells of a step that failed while its key was made, though it never ran', async () => {
    const world = new World();
    const missing = fakeVertex('copy', 'copy missing', [base, fakeVertex('context', 'ctx')]);
    world.ops.contexts.set('ctx', 'unreadable');
    await expect(world.solve(fakeVertex('join', 'top', [missing]))).rejects.toThrow('not found');
    expect(world.outcomes()).toEqual(['copy missing error']);
  });

  it('keeps what finished before a failure', async () => {
    const world = new World();
    world.ops.failures.set('bad', new Error('exit 1'));
    const good = fakeVertex('join', 'good', [base]);
    await expect(world.solve(fakeVertex('join', 'bad', [good]))).rejects.toThrow('exit 1');
    world.ops.failures.clear();
    world.ops.ran.length = 0;
    await world.solve(fakeVertex('join', 'bad', [good]));
    expect(world.ops.ran).toEqual(['bad']);
  });

  it('stops on cancellation with the reason it was given', async () => {
    const world = new World();
    const gate = world.ops.gate('slow');
    const controller = new AbortController();
    const solving = world.solve(fakeVertex('join', 'slow', [base]), controller.signal);
    await gate.started;
    const reason = new Error('interrupted');
    controller.abort(reason);
    await expect(solving).rejects.toBe(reason);
    expect(world.outcomes()).toEqual(['slow canceled']);
  });
});

describe('several targets', () => {
  it('share what they have in common, which runs once, and give their results in order', async () => {
    const world = new World();
    const shared = fakeVertex('join', 'shared', [base]);
    // Another object for the same vertex: each plan makes its own.
    const again = fakeVertex('join', 'shared', [base]);
    const {results, executed} = await world.solveAll([
      fakeVertex('join', 'amd64', [shared]),
      fakeVertex('join', 'arm64', [again]),
      shared,
    ]);
    expect(results.map(({value}) => value)).toEqual([
      'amd64(shared(base))',
      'arm64(shared(base))',
      'shared(base)',
    ]);
    expect(executed).toBe(3);
    expect(world.ops.ran.toSorted()).toEqual(['amd64', 'arm64', 'shared']);
  });

  it('stop all when one fails', async () => {
    const world = new World();
    const gate = world.ops.gate('slow');
    world.ops.failures.set('bad', new Error('exit 1'));
    const solving = world.solveAll([fakeVertex('join', 'slow', [base]), fakeVertex('join', 'bad', [base])]);
    await gate.started;
    await expect(solving).rejects.toThrow('exit 1');
    expect(world.outcomes().toSorted()).toEqual(['bad error', 'slow canceled']);
  });
});

describe('what is said before the first step runs', () => {
  const beforeRun = async (world: World, target: FakeVertex): Promise<string[]> => {
    const told: string[] = [];
    world.ops.ran.length = 0;
    await world.solveAll([target], undefined, undefined, async (misses) => {
      expect(world.ops.ran).toEqual([]);
      told.push(...misses.map(({vertex, isSure}) => `${vertex.op.text}${isSure() ? '' : ' perhaps'}`));
    });
    return told;
  };

  it('names the steps that were not found, inputs first', async () => {
    const world = new World();
    const a = fakeVertex('join', 'a', [base]);
    await world.solve(a);
    const target = fakeVertex('join', 'c', [fakeVertex('join', 'b', [a])]);
    expect(await beforeRun(world, target)).toEqual(['b', 'c']);
    expect(await beforeRun(world, target)).toEqual([]);
  });

  it('says of a step whose inputs are not known yet whether it may turn out to be cached', async () => {
    const world = new World();
    const image = (maker: string): FakeVertex => {
      const copy = fakeVertex('copy', 'copy', [base, fakeVertex('join', maker, [base])]);
      return fakeVertex('join', 'told', [fakeVertex('join', 'after', [copy])], true);
    };
    // Nothing of the kind was ever made.
    expect(await beforeRun(world, image('maker'))).toEqual(['maker', 'copy', 'after', 'told']);
    expect(await beforeRun(world, image('other'))).toEqual([
      'other',
      'copy perhaps',
      'after perhaps',
      'told',
    ]);
  });

  it('can keep everything from running', async () => {
    const world = new World();
    const solving = world.solveAll([fakeVertex('join', 'a', [base])], undefined, undefined, async () => {
      throw new Error('not on this machine');
    });
    await expect(solving).rejects.toThrow('not on this machine');
    expect(world.ops.ran).toEqual([]);
  });
});

describe('a miss', () => {
  it('is told to the cache with what the key was made of, and its reason begins the step', async () => {
    const world = new World();
    const asked: MissedStep[] = [];
    world.cache.whyMissed = async (missed) => {
      asked.push(missed);
      return {code: 'files', text: `since ${missed.name}`};
    };
    const low = fakeVertex('copy', 'low', [base, fakeVertex('context', 'files')]);
    await world.solve(fakeVertex('join', 'top', [low, fakeVertex('join', 'told', [base], true)]));
    expect(asked.map(({name, isTold}) => [name, isTold])).toEqual(
      expect.arrayContaining([
        ['low', false],
        ['told', true],
        ['top', false],
      ]),
    );
    const top = asked.find(({name}) => name === 'top');
    expect(top?.inputs.map(({name, hasRun, byContent}) => [name, hasRun, byContent])).toEqual([
      ['low', true, false],
      ['told', true, false],
    ]);
    const copied = asked.find(({name}) => name === 'low');
    expect(copied?.ingredients).toMatchObject({op: 'low', inputs: ['source base', 'content of ']});
    expect(copied?.inputs[1]).toMatchObject({name: 'files', byContent: true, hasRun: false});
    const started = world.events.find((event) => event.type === 'step-started' && event.name === 'top');
    expect(started).toMatchObject({miss: {code: 'files', text: 'since top'}});
    asked.length = 0;
    await world.solve(low);
    expect(asked).toEqual([]);
  });
});
