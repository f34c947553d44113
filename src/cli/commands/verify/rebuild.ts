// `tsbuild verify --rebuild`: builds twice with nothing from before, each time with a state directory of its own, the
// second time from a copy of the context in another directory; then compares what came out.

import {mkdir, mkdtemp} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import type {BuildRequest} from '../../../build/request.ts';
import {buildError} from '../../../diagnostics/build-error.ts';
import {imageOptions} from '../../../exporters/image-options.ts';
import {HelperError, type HelperVerb} from '../../../helper/helper.ts';
import {type BuiltTwice, compareBuilds} from '../../../image/compare-builds.ts';
import {formatPlatform} from '../../../oci/platform.ts';
import {stampTree} from '../../../sources/git/stamp-tree.ts';
import {LocalBlobStore} from '../../../store/blob-store.ts';
import {openImageStore} from '../../../store/image-store.ts';
import {systemClock} from '../../../util/clock.ts';
import {buildRequestOf} from '../../build-request.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import {configFileOf, stateRootOf} from '../../places.ts';
import {openSink, sinkNameOf} from '../../progress.ts';
import type {Act, CommandCall} from '../command.ts';
import {type PlatformComparison, reasonsOf, rebuildText} from './rebuild-text.ts';

const imageName = 'docker.io/library/rebuilt:latest';
const imageTypes = ['image', 'registry', 'docker', 'oci'];

export const rebuild: Act = async (call) => {
  const {flags, operands, io} = call;
  const format = chosenFormat(flags, ['table', 'json']);
  const request = await buildRequestOf(flags, operands, io);
  if (request.context.type === 'stdin') {
    throw buildError(
      'usage',
      'cli-bad-value',
      'verify --rebuild builds twice, and standard input comes once',
      {
        hints: ['give the context as a directory or URL'],
      },
    );
  }
  const compared = await builtTwice(asImage(request), call);
  const isSame = compared.every(({digests: [a, b], layers, config}) => {
    return a === b && layers.length === 0 && config.length === 0;
  });
  const reasons = reasonsOf(compared, {request, isTouched: flags.has('touch')});
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify({kind: 'rebuild', isSame, images: compared, reasons}, null, 2)}\n`);
  } else io.stdout.write(rebuildText(compared, reasons));
  return isSame ? exitCodes.ok : exitCodes.failed;
};

/** Only what shapes the image is left of the outputs, and nothing of caches; nothing goes anywhere else. */
function asImage(request: BuildRequest): BuildRequest {
  const output = request.outputs.find(({type}) => imageTypes.includes(type));
  if (output === undefined && request.outputs.length > 0) {
    throw buildError('usage', 'cli-bad-value', 'verify --rebuild compares images, and the output is none');
  }
  const isAnnotation = (key: string): boolean => key.startsWith('annotation');
  const isShape = (key: string): boolean => key !== 'name' && (key in imageOptions || isAnnotation(key));
  const options = new Map([...(output?.options ?? [])].filter(([key]) => isShape(key)));
  // What type=docker does by itself, type=image is told.
  const isDocker = output?.type === 'docker' && ![...options.keys()].some(isAnnotation);
  if (isDocker && !options.has('oci-mediatypes')) options.set('oci-mediatypes', 'false');
  const {cacheFrom: _, cacheTo: __, ...rest} = request;
  return {...rest, tags: [imageName], outputs: [{type: 'image', options}], noCache: false, pull: false};
}

async function builtTwice(request: BuildRequest, call: CommandCall): Promise<readonly PlatformComparison[]> {
  const {flags, io, interrupt} = call;
  const root = stateRootOf(flags, io);
  // Beside the state directory: there is a file system that layers can be in.
  await mkdir(dirname(root), {recursive: true});
  const work = await mkdtemp(`${root}-rebuild-`);
  try {
    const roots = [join(work, 'first'), join(work, 'second')] as const;
    await buildInto(roots[0], request, call);
    await buildInto(roots[1], await fromCopy(request, work, call), call);
    using first = openImageStore(roots[0]);
    using second = openImageStore(roots[1]);
    const others = await second.list();
    const compared: PlatformComparison[] = [];
    for (const image of await first.list()) {
      const platform = formatPlatform(image.platform);
      const other = others.find((one) => formatPlatform(one.platform) === platform);
      if (other === undefined)
        throw buildError('environment', 'image-broken', `no second image for ${platform}`);
      const sides: readonly BuiltTwice[] = [
        {image, blobs: new LocalBlobStore(roots[0])},
        {image: other, blobs: new LocalBlobStore(roots[1])},
      ];
      const [a, b] = sides as readonly [BuiltTwice, BuiltTwice];
      compared.push({platform, ...(await compareBuilds(a, b, interrupt))});
    }
    return compared;
  } finally {
    // Layers may belong to users that only the helper can be.
    await askHelper(call, 'remove', [`path=${work}`]);
  }
}

async function buildInto(
  root: string,
  request: BuildRequest,
  {flags, io, interrupt, engine}: CommandCall,
): Promise<void> {
  const build = engine ?? (await import('../../../build/build.ts')).build;
  const sink = await openSink(sinkNameOf(flags, io), io);
  await build(
    request,
    {
      root,
      configFile: configFileOf(flags, io),
      emit: (event) => sink.emit(event),
      stdout: () => io.stdout,
    },
    interrupt,
  ).finally(() => sink.close());
}

/** With all that a build could see of it. `touch`: the files are new, as after a checkout. */
async function fromCopy(request: BuildRequest, work: string, call: CommandCall): Promise<BuildRequest> {
  const {context, workingDirectory} = request;
  if (context.type !== 'directory') return request;
  const path = join(work, 'context');
  const source = `dir=${resolve(workingDirectory, context.path)}`;
  const action = ['action=copy', 'view=1', 'source=/', 'destination=/context', 'contextowner=1'];
  await askHelper(call, 'copy', [`upper=${work}`, 'view=1', source, ...action], call.interrupt).catch(
    (error: unknown) => {
      if (!(error instanceof HelperError)) throw error;
      throw buildError('environment', 'context-copy', `cannot copy the context: ${error.message}`, {
        cause: error,
      });
    },
  );
  if (call.flags.has('touch')) await stampTree(path, systemClock.nowMs() / 1000);
  return {...request, context: {type: 'directory', path}};
}

/** A helper for one request: a signal from the terminal that ends it does not end the next. */
async function askHelper(
  {io}: CommandCall,
  verb: HelperVerb,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const {HelperProcess} = await import('../../../helper/helper-process.ts');
  const {locateHelper} = await import('../../../helper/locate-helper.ts');
  const helper = new HelperProcess({path: locateHelper(io.env)});
  const options = signal === undefined ? {} : {signal};
  await helper.request(verb, args, options).finally(() => helper.close());
}
