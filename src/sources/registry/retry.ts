// Trying again: after a broken connection, a 429 or a 5xx, a bounded number of times, with growing pauses whose
// length is drawn at random, so that a fleet that was refused together does not come back together. Time and chance
// are injected.

import {randomInt} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {systemClock} from '../../util/clock.ts';
import {NetworkFailure} from './network-failure.ts';

export interface Pacing {
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
  nowMs(): number;
}

export const realPacing: Pacing = {
  async wait(ms, signal) {
    try {
      await sleep(ms, undefined, {signal: AbortSignal.any([signal])});
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  },
  random: () => randomInt(2 ** 32) / 2 ** 32,
  nowMs: () => systemClock.nowMs(),
};

export const retryLimits = {
  attemptsMax: 5,
  /** A host that refuses or is silent is rarely up a second later. */
  deadHostAttemptsMax: 3,
  /** One that answered a moment ago is being started again: with all pauses, half a minute. */
  restartAttemptsMax: 8,
  firstPauseMs: 250,
  pauseMaxMs: 8_000,
  /** A Retry-After beyond this is an answer for the user, not a pause. */
  retryAfterMaxMs: 60_000,
} as const;

/** An answer that asks to come back: 429 or 5xx. */
export class TryLater extends Error {
  override readonly name = 'TryLater';
  readonly status: number;
  readonly afterMs: number | undefined;
  /** What the server said, for the message when it is given up. */
  readonly detail: string;

  constructor(status: number, afterMs: number | undefined, detail: string) {
    super(`status ${status}`);
    this.status = status;
    this.afterMs = afterMs;
    this.detail = detail;
  }
}

/** Another host, to which a registry sent us, does not take the address that the registry signed. */
export class StorageRefusal extends Error {
  override readonly name = 'StorageRefusal';
  readonly host: string;
  readonly status: number;
  readonly detail: string;

  constructor(host: string, status: number, detail: string) {
    super(`${host} refused the address that it was given (status ${status})`);
    this.host = host;
    this.status = status;
    this.detail = detail;
  }
}

export interface RetryOptions {
  readonly pacing: Pacing;
  readonly signal: AbortSignal;
  readonly attemptsMax?: number;
  /** Whether the host has answered before. */
  readonly hasAnswered?: () => boolean;
}

/** Runs `attempt` until it succeeds, fails for good, or has failed often enough; then its last error is thrown. */
export async function retrying<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const {pacing, signal, hasAnswered = () => false} = options;
  const attemptsMax = options.attemptsMax ?? retryLimits.attemptsMax;
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const isRestart = options.attemptsMax === undefined && isRefusal(error) && hasAnswered();
      const pauseMs = isRestart ? restartPause(count, pacing) : pauseAfter(error, count, attemptsMax, pacing);
      if (pauseMs === undefined) throw error;
      await pacing.wait(pauseMs, signal);
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof NetworkFailure && error.kind === 'refused';
}

function restartPause(count: number, pacing: Pacing): number | undefined {
  return count < retryLimits.restartAttemptsMax ? backoffMs(count, pacing) : undefined;
}

/** How long to wait before another attempt, or undefined to give up. */
export function pauseAfter(
  error: unknown,
  count: number,
  attemptsMax: number,
  pacing: Pacing,
): number | undefined {
  const limit = isDeadHost(error) ? Math.min(attemptsMax, retryLimits.deadHostAttemptsMax) : attemptsMax;
  if (count >= limit) return undefined;
  if (error instanceof TryLater) {
    if (error.afterMs === undefined) return backoffMs(count, pacing);
    return error.afterMs > retryLimits.retryAfterMaxMs
      ? undefined
      : Math.max(error.afterMs, backoffMs(count, pacing));
  }
  if (error instanceof NetworkFailure && retryable.has(error.kind)) return backoffMs(count, pacing);
  // Signatures run out: a new one is asked for, once.
  if (error instanceof StorageRefusal && count === 1) return backoffMs(count, pacing);
  return undefined;
}

const retryable: ReadonlySet<string> = new Set(['broken', 'timeout', 'refused']);

function isDeadHost(error: unknown): boolean {
  return error instanceof NetworkFailure && (error.kind === 'refused' || error.kind === 'timeout');
}

/** Between half and the whole of 250 ms, 500 ms, 1 s … up to 8 s. */
function backoffMs(count: number, pacing: Pacing): number {
  const whole = Math.min(retryLimits.pauseMaxMs, retryLimits.firstPauseMs * 2 ** (count - 1));
  return Math.round(whole / 2 + (whole / 2) * pacing.random());
}

/**
 * Retry-After in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3), which is one of the clock of whoever sent
 * it: where the answer has a Date, this machine's clock may be wrong.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = httpDateMs(text);
  return atMs === undefined ? undefined : Math.max(0, atMs - (httpDateMs(headers['date']) ?? nowMs));
}

/** Date.parse alone takes anything with a number in it, in the time zone of this machine. */
function httpDateMs(text = ''): number | undefined {
  if (!/^[A-Z][a-z]+,? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}
