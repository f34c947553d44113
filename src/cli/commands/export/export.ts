// `tsbuild export IMAGE`, `tsbuild export --at STEP PATH`.

import {parseStepAddress} from '../../../build/attended/step-address.ts';
import {type FilesTarget, packImageFiles, packStepFiles} from '../../../build/exports/image-files.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import {placesOf} from '../../places.ts';
import {platformFlag} from '../../platform-flag.ts';
import type {Act, CommandCall} from '../command.ts';
import {stepBuildFlags} from '../shell/flags.ts';
import {withBuild} from '../with-build.ts';
import {withImages} from '../with-images.ts';

export const exportFiles: Act = async (call) => {
  const {flags, io} = call;
  const target: FilesTarget = {
    dest: flags.last('output') ?? '-',
    workingDirectory: io.cwd,
    get stdout() {
      return io.stdout;
    },
  };
  const step = flags.last('at');
  return step === undefined ? ofImage(call, target) : ofStep(step, call, target);
};

async function ofImage(
  {flags, operands, io, interrupt}: CommandCall,
  target: FilesTarget,
): Promise<ExitCode> {
  const [operand, surplus] = operands;
  if (operand === undefined || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `export needs exactly one IMAGE, got ${operands.length}`);
  }
  const foreign = stepBuildFlags.find(({name}) => name !== 'platform' && flags.last(name) !== undefined);
  if (foreign !== undefined) {
    throw buildError('usage', 'cli-bad-value', `--${foreign.name} is about a build, so it needs --at STEP`);
  }
  const platform = platformFlag(flags);
  const image = await withImages(flags, io, async (store) =>
    chosenImage(matchImage(await store.list(), operand), operand, platform),
  );
  const places = {...placesOf(flags, io), environment: io.env};
  await packImageFiles(image, {...places, ...target}, interrupt);
  return exitCodes.ok;
}

async function ofStep(text: string, call: CommandCall, target: FilesTarget): Promise<ExitCode> {
  const address = parseStepAddress(text);
  if ('problem' in address) throw buildError('usage', 'cli-bad-value', address.problem);
  // To a build -o is something else.
  await withBuild({...call, flags: call.flags.without('output')}, (request, options) =>
    packStepFiles(address, request, options, target, call.interrupt),
  );
  return exitCodes.ok;
}
