import {constants} from 'node:os';
import {expect, it} from 'vitest';
import {SignalRelay} from '../../../../src/cli/commands/run/signal-relay.ts';
import {memoryIo} from '../../memory-io.ts';

const {SIGINT, SIGQUIT, SIGTERM, SIGKILL} = constants.signals;

function relayed(
  given: number | undefined,
  image: number | undefined,
  signals: readonly NodeJS.Signals[],
): number[] {
  let take: ((signal: NodeJS.Signals) => void) | undefined;
  const io = {
    ...memoryIo(),
    onSignal: (taker: (signal: NodeJS.Signals) => void) => {
      take = taker;
      return () => {
        take = undefined;
      };
    },
  };
  const sent: number[] = [];
  const relay = new SignalRelay(io, given);
  relay.stopBy(image);
  relay.begin((number) => sent.push(number));
  for (const signal of signals) take?.(signal);
  relay.end();
  expect(take).toBeUndefined();
  return sent;
}

it('signals are passed on as they are', () => {
  expect(relayed(undefined, undefined, ['SIGINT', 'SIGQUIT', 'SIGTERM'])).toEqual([SIGINT, SIGQUIT, SIGTERM]);
});

it('SIGTERM becomes the stop signal of the image, or the one given', () => {
  expect(relayed(undefined, SIGQUIT, ['SIGTERM'])).toEqual([SIGQUIT]);
  expect(relayed(SIGINT, SIGQUIT, ['SIGTERM'])).toEqual([SIGINT]);
});

it('the third request to end is the last one', () => {
  expect(relayed(undefined, undefined, ['SIGINT', 'SIGTERM', 'SIGINT'])).toEqual([SIGINT, SIGTERM, SIGKILL]);
});
