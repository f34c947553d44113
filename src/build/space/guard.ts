// Holds the cap of the state directory while a build makes something. How much of the disk is free is looked at a few
// times a second, which costs microseconds; only when the cap may have been passed is anything measured, the longest
// unused removed, and, if that is not enough, the build ended with the one error that says what holds the space. At the
// end of such a build it is known whether a collection is due.

import {setMaxListeners} from 'node:events';
import {buildError} from '../../diagnostics/build-error.ts';
import {inDecimalUnits} from '../../progress/figures.ts';
import type {Holder} from '../../space/holders.ts';
import type {SpaceMemory} from '../../space/space-memory.ts';
import type {Clock} from '../../util/clock.ts';
import type {Engine} from '../engine.ts';

export interface SpaceGuardOptions {
  readonly engine: Pick<Engine, 'state' | 'notes' | 'config' | 'helper'>;
  readonly clock: Clock;
  /** Of the build. */
  readonly signal: AbortSignal;
  /** Called at the end when a collection is due. */
  readonly onDue: (() => void) | undefined;
}

const lookMs = 200;
/** Others may free what the build takes, so it is measured every now and then: more often where it is close to the cap. */
const measuredAgainMs = 500;
const measuringShare = {close: 10, far: 100} as const;
const closeToCap = 0.5;

type SpaceRoom = typeof import('./room.ts');

export class SpaceGuard implements AsyncDisposable {
  /** The build's, and aborted with the error when the cap cannot be held. */
  readonly signal: AbortSignal;
  readonly #options: SpaceGuardOptions;
  readonly #abort = new AbortController();
  #started: Promise<Started> | undefined;
  #looking = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #nextMeasureMs = 0;

  constructor(options: SpaceGuardOptions) {
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#abort.signal]);
    setMaxListeners(0, this.signal);
  }

  /** Before something is made for the first time. */
  async start(): Promise<void> {
    this.#started ??= this.#begin();
    await this.#started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    const started = await this.#started?.catch(() => undefined);
    const {engine, clock, onDue} = this.#options;
    if (started === undefined) return;
    const {room, memory, capBytes} = started;
    // What was made since the last look belongs below the cap, too.
    this.#nextMeasureMs = 0;
    if (capBytes !== undefined) await this.#look(started, true);
    if (onDue === undefined) return;
    const disk = room.diskState(engine.state.root);
    if (room.isCollectionDue(engine.config.gc, disk, memory.get(), clock.nowMs())) onDue();
  }

  async #begin(): Promise<Started> {
    const {engine, clock} = this.#options;
    const {state, notes, config, helper} = engine;
    const room = await import('./room.ts');
    const memory = room.spaceMemoryIn(notes);
    const disk = room.diskState(state.root);
    const capBytes = room.capOf(config.gc, disk.totalBytes);
    const started = {room, memory, space: new room.Space({state, helper, clock}), capBytes};
    if (capBytes !== undefined) {
      this.#looking = this.#look(started);
      this.#timer = setInterval(() => {
        this.#looking = this.#looking.then(() => this.#look(started));
      }, lookMs).unref();
    }
    return started;
  }

  async #look({room, memory, space, capBytes = 0}: Started, isLast = false): Promise<void> {
    const {engine, clock} = this.#options;
    const beganMs = clock.nowMs();
    if (this.signal.aborted || beganMs < this.#nextMeasureMs) return;
    try {
      const disk = room.diskState(engine.state.root);
      if (disk.takenBytes <= capBytes) return;
      const last = memory.get();
      const usedBytes = room.usedAtMost(disk, last);
      const isClose = usedBytes > capBytes * closeToCap;
      const pauseMs = (last?.tookMs ?? 0) * measuringShare[isClose ? 'close' : 'far'];
      const isDoubtful = beganMs - (last?.atMs ?? 0) >= Math.max(measuredAgainMs, pauseMs);
      if (usedBytes <= capBytes && !isDoubtful && !(isLast && isClose)) return;
      const holders = await space.holdCap(capBytes, this.signal);
      // Where others write much, half of the time may go into measuring.
      this.#nextMeasureMs = 2 * clock.nowMs() - beganMs;
      if (holders !== undefined) this.#abort.abort(capError(capBytes, holders));
    } catch {
      // A full disk, a lost helper, an interrupt: the build itself comes to it and says so, or goes on.
    }
  }
}

interface Started {
  readonly room: SpaceRoom;
  readonly memory: SpaceMemory;
  readonly space: InstanceType<SpaceRoom['Space']>;
  readonly capBytes: number | undefined;
}

function capError(capBytes: number, holders: readonly Holder[]): Error {
  const size = (bytes: number): string =>
    inDecimalUnits(bytes, (value) => String(Number(value.toPrecision(3))));
  const held = holders.map(({what, bytes}) => `${what} ${size(bytes)}`).join(', ');
  const message = `the state directory has come to its cap of ${size(capBytes)}, and nothing more can go: ${held}`;
  return buildError('environment', 'space-cap', message, {
    hints: [
      'give it more with hardCap in [gc] of the configuration, or remove images (tsbuild rmi)',
      '"tsbuild du" tells what takes how much',
    ],
  });
}
