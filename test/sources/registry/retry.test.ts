import {describe, expect, it} from 'vitest';
import {NetworkFailure} from '../../../src/sources/registry/network-failure.ts';
import {realPacing, retryAfterMs, retrying, TryLater} from '../../../src/sources/registry/retry.ts';

const broken = new NetworkFailure('broken', 'a', 'broken');

interface Course {
  readonly outcome: string;
  readonly pauses: readonly number[];
}

/** Fails with each of `errors` in turn, then succeeds. */
async function course(
  errors: readonly unknown[],
  more: {random?: number; attemptsMax?: number; hasAnswered?: boolean} = {},
): Promise<Course> {
  const pauses: number[] = [];
  const pacing = {
    wait: async (ms: number): Promise<void> => {
      pauses.push(ms);
    },
    random: () => more.random ?? 1,
    nowMs: () => 0,
  };
  const left = [...errors];
  const limit = more.attemptsMax === undefined ? {} : {attemptsMax: more.attemptsMax};
  const hasAnswered = (): boolean => more.hasAnswered ?? false;
  const {signal} = new AbortController();
  const outcome = await retrying({pacing, signal, hasAnswered, ...limit}, async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'done';
  }).catch((error: unknown) => (error instanceof Error ? error.message : 'unknown'));
  return {outcome, pauses};
}

const times = (count: number, error: unknown): unknown[] => Array.from({length: count}, () => error);

describe('trying again', () => {
  it('happens with growing pauses, at most five times in all', async () => {
    expect(await course(times(4, broken))).toEqual({outcome: 'done', pauses: [250, 500, 1000, 2000]});
    expect(await course(times(5, broken))).toEqual({outcome: 'broken', pauses: [250, 500, 1000, 2000]});
  });

  it('draws half of a pause at random', async () => {
    expect((await course(times(3, broken), {random: 0})).pauses).toEqual([125, 250, 500]);
  });

  it('does not pause longer than eight seconds', async () => {
    expect((await course(times(8, broken), {attemptsMax: 9})).pauses.at(-1)).toBe(8000);
  });

  it('may be limited further', async () => {
    expect(await course(times(4, broken), {attemptsMax: 2})).toEqual({outcome: 'broken', pauses: [250]});
  });

  it('gives up earlier on a host that refuses or is silent', async () => {
    expect((await course(times(9, new NetworkFailure('refused', 'a', 'refused')))).pauses).toEqual([
      250, 500,
    ]);
    expect((await course(times(9, new NetworkFailure('timeout', 'a', 'timeout')))).pauses).toEqual([
      250, 500,
    ]);
  });

  it.each(['unknown-host', 'not-tls', 'untrusted', 'tls', 'proxy', 'redirect', 'protocol'] as const)(
    'does not happen after %s',
    async (kind) => {
      expect(await course([new NetworkFailure(kind, 'a', kind)])).toEqual({outcome: kind, pauses: []});
    },
  );

  it('outlasts a restart of a host that answered before, unless there is a limit of attempts', async () => {
    const refused = new NetworkFailure('refused', 'a', 'refused');
    const pauses = [250, 500, 1000, 2000, 4000, 8000, 8000];
    expect(await course(times(7, refused), {hasAnswered: true})).toEqual({outcome: 'done', pauses});
    expect(await course(times(8, refused), {hasAnswered: true})).toEqual({outcome: 'refused', pauses});
    expect(await course(times(2, refused), {hasAnswered: true, attemptsMax: 2})).toMatchObject({
      pauses: [250],
    });
  });

  it('does not happen after an error it does not know', async () => {
    expect(await course([new Error('bug')])).toEqual({outcome: 'bug', pauses: []});
  });

  it('waits as long as the server says, unless that is too long', async () => {
    expect(await course([new TryLater(429, 3000, '')])).toEqual({outcome: 'done', pauses: [3000]});
    expect(await course([new TryLater(503, undefined, '')])).toEqual({outcome: 'done', pauses: [250]});
    expect(await course([new TryLater(429, 0, '')])).toEqual({outcome: 'done', pauses: [250]});
    expect(await course([new TryLater(429, 60_001, '')])).toEqual({outcome: 'status 429', pauses: []});
  });

  it('ends with an abort, in an attempt or in a pause', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const {signal} = abort;
    const paused = retrying({pacing: realPacing, signal}, async () => {
      setImmediate(() => abort.abort(reason));
      throw broken;
    });
    await expect(paused).rejects.toBe(reason);
    const pending = retrying({pacing: realPacing, signal}, async () => {
      throw broken;
    });
    await expect(pending).rejects.toBe(reason);
  });
});

describe('Retry-After', () => {
  const ofHeader = (text: string | undefined, nowMs: number, date?: string): number | undefined =>
    retryAfterMs({'retry-after': text, date}, nowMs);

  it('is seconds or a date', () => {
    expect(ofHeader('7', 0)).toBe(7000);
    expect(ofHeader('Thu, 01 Jan 1970 00:00:10 GMT', 4000)).toBe(6000);
    expect(ofHeader('Thu Jan  1 00:00:10 1970', 4000)).toBe(6000);
    expect(ofHeader('Thu, 01 Jan 1970 00:00:10 GMT', 40_000)).toBe(0);
    for (const text of [undefined, '', 'soon', '-1', '1.5', 'May 2'])
      expect(ofHeader(text, 0)).toBeUndefined();
  });

  it('as a date is counted from the time that the answer was sent, however wrong the clock here is', () => {
    const sent = 'Thu, 01 Jan 1970 00:01:00 GMT';
    for (const nowMs of [0, 60_000, 3_600_000])
      expect(ofHeader('Thu, 01 Jan 1970 00:01:02 GMT', nowMs, sent)).toBe(2000);
  });

  it('that has passed already does not make attempts follow each other without growing pauses', async () => {
    expect((await course(times(3, new TryLater(429, 0, '')))).pauses).toEqual([250, 500, 1000]);
  });
});

it('chance is in [0, 1)', () => {
  const drawn = Array.from({length: 100}, () => realPacing.random());
  expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(drawn).size).toBeGreaterThan(90);
});
