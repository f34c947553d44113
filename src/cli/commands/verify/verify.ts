// `tsbuild verify`: everything that an image is made of, checked; problems one a line.

import {buildError} from '../../../diagnostics/build-error.ts';
import {exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import {buildFlags} from '../../flags.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act} from '../command.ts';
import {verifiableNamed} from './image-files.ts';

export const verify: Act = async (call) => {
  const {flags, operands, io} = call;
  checkKind(flags);
  if (flags.has('rebuild')) return (await import('./rebuild.ts')).rebuild(call);
  const [name] = operands;
  if (name === undefined || operands.length > 1)
    throw buildError('usage', 'cli-operands', `verify needs exactly one IMAGE, got ${operands.length}`);
  const format = chosenFormat(flags, ['table', 'json']);
  const verifiable = await verifiableNamed(name, call);
  let unreferenced = 0;
  const problems = await verifiable.verify((blobs) => {
    unreferenced = blobs;
  });
  const {kind} = verifiable;
  const others = unreferenced === 0 ? {} : {unreferenced};
  const told = {image: name, kind, problems, ...others};
  if (format === 'json') io.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
  else io.stdout.write(problems.length === 0 ? 'ok\n' : problems.map((text) => `${text}\n`).join(''));
  if (unreferenced > 0) {
    const text = unreferenced === 1 ? '1 blob is there' : `${unreferenced} blobs are there`;
    io.stderr.write(`${text} that nothing refers to\n`);
  }
  return problems.length === 0 ? exitCodes.ok : exitCodes.failed;
};

const flagsOfBuilds = ['touch', ...buildFlags.map(({name}) => name)];
const flagsOfBoth = ['progress', 'quiet'];

/** A check that was asked for and silently not made would be worse than none. */
function checkKind(flags: FlagValues): void {
  const isGiven = (name: string): boolean => flags.last(name) !== undefined;
  if (flags.has('rebuild')) {
    if (!isGiven('key')) return;
    throw buildError(
      'usage',
      'cli-flag-combination',
      '--key is about an image in a registry, so it does not go with --rebuild',
    );
  }
  const foreign = flagsOfBuilds.find((name) => isGiven(name) && !flagsOfBoth.includes(name));
  if (foreign !== undefined) {
    throw buildError('usage', 'cli-flag-combination', `--${foreign} is about a build, so it needs --rebuild`);
  }
}
