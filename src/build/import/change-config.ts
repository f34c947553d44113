// `--change` of import: instructions that say something of the config and nothing of files, as an image config.

import {BuildError} from '../../diagnostics/build-error.ts';
import {sourceFile} from '../../diagnostics/source-file.ts';
import type {Dockerfile} from '../../dockerfile/ast.ts';
import {instructionSet} from '../../instructions/index.ts';
import type {ImageConfig} from '../../oci/image-config.ts';
import {hostPlatform, type Platform} from '../../oci/platform.ts';
import {defaultPath} from '../../plan/image-config-builder.ts';
import {plainRequest} from '../../plan/plan.ts';
import {planBuild} from '../../plan/plan-build.ts';

const allowed = [
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const;

/** Throws BuildError('user') with what is wrong about the changes. */
export async function configWith(changes: readonly string[], platform: Platform): Promise<ImageConfig> {
  // Each is on lines of its own, so that messages show it whole.
  const file = sourceFile('--change', ['FROM scratch', ...changes].join('\n'));
  const dockerfile = await parsed(file);
  const {config} = await planBuild(
    {
      ...plainRequest,
      dockerfile,
      targetPlatform: platform,
      platformGiven: true,
      buildPlatform: hostPlatform(),
      resolveImage: (reference) => Promise.reject(new Error(`a change has no base image, got ${reference}`)),
    },
    instructionSet,
  );
  return setsPath(dockerfile) ? config : withoutDefaultPath(config);
}

async function parsed(file: ReturnType<typeof sourceFile>): Promise<Dockerfile> {
  const {parseWithReaders} = await import('../../instructions/readers.ts');
  const {dockerfile, partial, diagnostics} = parseWithReaders(file);
  const [first, ...rest] = diagnostics.filter(({severity}) => severity === 'error');
  if (first !== undefined) throw new BuildError('user', [first, ...rest]);
  const words: readonly string[] = allowed;
  const [stage, second] = partial.stages;
  const other = second?.from ?? stage?.instructions.find(({keyword}) => !words.includes(keyword));
  if (other === undefined && dockerfile !== undefined) return dockerfile;
  throw new BuildError('user', [
    {
      severity: 'error',
      code: 'import-bad-change',
      message: `${other?.keyword ?? 'this'} is no change of a config: expected ${allowed.join(', ')}`,
      file,
      ...(other === undefined ? {} : {span: other.span}),
    },
  ]);
}

function setsPath({stages}: Dockerfile): boolean {
  return stages.some(({instructions}) =>
    instructions.some((each) => each.keyword === 'ENV' && each.pairs.some(({key}) => key === 'PATH')),
  );
}

/** A stage from scratch has one; an imported file system brings its own ways. */
function withoutDefaultPath(config: ImageConfig): ImageConfig {
  const {Env: env = [], ...rest} = config.config;
  const own = env.filter((entry) => entry !== `PATH=${defaultPath}`);
  return {...config, config: own.length === 0 ? rest : {...rest, Env: own}};
}
