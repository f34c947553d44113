// `tsbuild build`: from flags to a request, the engine's work shown by a sink, results left where they were asked
// for.

import {resolve} from 'node:path';
import type {BuildRequest} from '../../../build/request.ts';
import {BuildError, buildError} from '../../../diagnostics/build-error.ts';
import type {Diagnostic} from '../../../diagnostics/diagnostic.ts';
import {BuildRecorder} from '../../../history/recorder.ts';
import {EventQueue} from '../../../progress/event-queue.ts';
import type {BuildEvent} from '../../../progress/events.ts';
import type {SinkName} from '../../../progress/sinks/index.ts';
import {assert} from '../../../util/assert.ts';
import {systemClock} from '../../../util/clock.ts';
import {goBool} from '../../../util/go-bool.ts';
import type {BuildFunction} from '../../build-function.ts';
import {buildRequestOf} from '../../build-request.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import type {FlagValues} from '../../flag-values.ts';
import type {CliIo} from '../../io.ts';
import {placesOf} from '../../places.ts';
import {openSink, ReaderRoom, sinkNameOf} from '../../progress.ts';
import {
  checkResultFile,
  costOf,
  imageIdOf,
  metadataText,
  provenanceModeOf,
  removeResultFile,
  type StepCost,
  writeResultFile,
} from '../../result-files.ts';
import {imageTypes} from '../../values/outputs.ts';
import {pushSigningKey} from '../sign/key-file.ts';
import {NoteKeeper} from './note-keeper.ts';
import {endOf, subjectOf} from './recorded.ts';

/** In the bundle: keeps what V8 has compiled for the next start (bin/bundle/load.cjs). */
declare const tsbuildKeepCompiled: (() => void) | undefined;

export interface BuildCommandOptions {
  readonly interrupt: AbortSignal;
  /** Default: the engine in src/build. */
  readonly engine?: BuildFunction;
}

export async function runBuild(
  flags: FlagValues,
  operands: readonly string[],
  io: CliIo,
  options: BuildCommandOptions,
): Promise<ExitCode> {
  const sinkName = sinkNameOf(flags, io);
  const request = await buildRequestOf(flags, operands, io);
  const toStdout = request.outputs.find(({options: output}) => output.get('dest') === '-');
  if (toStdout !== undefined && flags.has('quiet')) {
    throw buildError('usage', 'cli-bad-value', '--quiet prints to standard output, and so does dest=-');
  }
  const signingKey = await pushSigningKey(flags, io, options.interrupt);
  if (signingKey !== undefined && !request.outputs.some(pushes)) {
    throw buildError('usage', 'cli-bad-value', '--sign-key signs what is pushed, and nothing is', {
      hints: ['--push pushes the image to the registries of its names'],
    });
  }
  const idFile = pathOf(flags, 'iidfile', io);
  const metadataFile = pathOf(flags, 'metadata-file', io);
  const made = request.outputs
    .filter(({type, options: output}) => type === 'local' || output.get('tar') === 'false')
    .flatMap(({options: output}) => output.get('dest') ?? [])
    .map((dest) => resolve(io.cwd, dest));
  // Before there is anything to lose.
  if (metadataFile !== undefined) {
    provenanceModeOf(io.env);
    await checkResultFile('--metadata-file', metadataFile, made);
  }
  if (idFile !== undefined) {
    if (!makesImage(request)) {
      throw buildError('usage', 'cli-no-image-id', '--iidfile needs an output that makes an image');
    }
    await checkResultFile('--iidfile', idFile, made);
    await removeResultFile(idFile);
  }

  const engine = options.engine ?? (await import('../../../build/build.ts')).build;
  const costs: StepCost[] = [];
  const warnings: Diagnostic[] = [];
  const sink = await openSink(sinkName, io);
  const {root, configFile} = placesOf(flags, io);
  const recorder = new BuildRecorder(root, subjectOf(request), systemClock);
  const keeper = NoteKeeper.of(request, flags, systemClock);
  let isCollectionDue = false;
  const collect = async (): Promise<void> => {
    if (isCollectionDue) (await import('./collect.ts')).collectInBackground(root, configFile);
  };
  const take = (event: BuildEvent): void => {
    recorder.emit(event);
    keeper?.emit(event);
    const cost = costOf(event);
    if (cost !== undefined) costs.push(cost);
    if (event.type === 'warning') warnings.push(event.diagnostic);
  };
  const events = new EventQueue((some) => {
    const shown = room.isStuck ? some.filter(({type}) => type !== 'step-output') : some;
    if (sink.emitAll === undefined) for (const event of shown) sink.emit(event);
    else sink.emitAll(shown);
    some.forEach(take);
  });
  const room = new ReaderRoom(io.stderr, () => events.drain());
  const result = await engine(
    request,
    {
      root,
      configFile,
      emit: events.emit,
      room,
      observed: keeper?.observed,
      onPlanned: recorder.planned,
      onCollectionDue: () => {
        isCollectionDue = true;
      },
      stdout: () => io.stdout,
      ...(signingKey === undefined ? {} : {signingKey}),
    },
    options.interrupt,
  )
    .finally(() => {
      events.drain();
      sink.close();
    })
    .catch(async (error: unknown) => {
      recorder.finish(endOf(error, options.interrupt));
      await collect();
      throw withoutShownLog(error, sinkName);
    });

  const id = imageIdOf(result);
  if (metadataFile !== undefined) {
    const told = {id: recorder.id, names: namesOf(request), steps: costs, warnings, environment: io.env};
    const text = await metadataText(result, told);
    await writeResultFile('--metadata-file', metadataFile, text, options.interrupt);
  }
  if (idFile !== undefined) {
    assert(id !== undefined, 'an output that makes an image tells its ID');
    await writeResultFile('--iidfile', idFile, id, options.interrupt);
  }
  const stdout = flags.has('quiet') && id !== undefined ? `${id}\n` : '';
  if (stdout !== '') io.stdout.write(stdout);
  // After everything that somebody waits for.
  const record = recorder.finish({status: 'completed', ...(id === undefined ? {} : {imageDigest: id})});
  await collect();
  keeper?.keep(result, {root, sink: sinkName, stdout, record});
  if (typeof tsbuildKeepCompiled === 'function') tsbuildKeepCompiled();
  return exitCodes.ok;
}

/** The last lines of a failed step are left out where the sink has just shown its whole log. */
function withoutShownLog(error: unknown, sink: SinkName): unknown {
  if (!(error instanceof BuildError) || error.kind !== 'step') return error;
  if (sink !== 'tty' && sink !== 'quiet') return error;
  const [first, ...others] = error.diagnostics.map(({notes: _, ...diagnostic}) => diagnostic);
  return first === undefined ? error : new BuildError('step', [first, ...others], {cause: error.cause});
}

/** Without any output there is one into the local store. */
function makesImage({outputs}: BuildRequest): boolean {
  return outputs.length === 0 || outputs.some(({type}) => imageTypes.has(type));
}

/** As the exporters read it. */
function pushes({type, options}: BuildRequest['outputs'][number]): boolean {
  return goBool(options.get('push') ?? '') ?? type === 'registry';
}

/** Those of -t, or else those of the outputs. */
function namesOf({tags, outputs}: BuildRequest): readonly string[] {
  if (tags.length > 0) return tags;
  return [...new Set(outputs.flatMap(({options}) => options.get('name')?.split(',') ?? []))];
}

function pathOf(flags: FlagValues, name: string, io: CliIo): string | undefined {
  const path = flags.last(name);
  if (path === undefined) return undefined;
  if (path === '') throw buildError('usage', 'cli-bad-value', `--${name} expects a file, got ""`);
  return resolve(io.cwd, path);
}
