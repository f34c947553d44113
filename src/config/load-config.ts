// The configuration file: TOML in the vocabulary of buildkitd.toml as far as tsbuild has the same settings, so that the
// registry sections of one can be pasted into the other. Anything it does not know is an error with its place: a typo
// in `insecure` must not be found out by a failing pull.

import {isAbsolute, join} from 'node:path';
import {buildError} from '../diagnostics/build-error.ts';
import {sourceFile} from '../diagnostics/source-file.ts';
import {refusalText} from '../util/error-text.ts';
import {type Config, emptyConfig} from './config.ts';
import {readConfig} from './read-config.ts';

export interface ConfigInput {
  /** The file given with --config; undefined: the first default that exists. */
  readonly configFile?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of a file; rejects with code ENOENT when there is none. */
  readFile(path: string): Promise<string>;
}

/** Reads the configuration. Throws BuildError('usage') on a missing explicit file and on every mistake in a file. */
export async function loadConfig(input: ConfigInput): Promise<Config> {
  const candidates =
    input.configFile === undefined ? defaultConfigFiles(input.environment) : [input.configFile];
  const certificatePlaces = certificatePlacesOf(input.environment);
  for (const path of candidates) {
    const text = await textOf(path, input);
    if (text !== undefined) return {certificatePlaces, ...(await readConfig(sourceFile(path, text)))};
  }
  return {...emptyConfig, certificatePlaces};
}

async function textOf(path: string, input: ConfigInput): Promise<string | undefined> {
  try {
    return await input.readFile(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    const absent = code === 'ENOENT' || code === 'ENOTDIR';
    if (absent && input.configFile === undefined) return undefined;
    const reason = absent ? 'no such file' : refusalText(error);
    throw buildError('usage', 'config-unreadable', `cannot read configuration file ${path}: ${reason}`, {
      cause: error,
    });
  }
}

/** Where the file is looked for without --config, in this order. */
export function defaultConfigFiles(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const base = configHome(environment);
  return [
    ...(base === undefined ? [] : [join(base, 'tsbuild', 'tsbuild.toml')]),
    '/etc/tsbuild/tsbuild.toml',
  ];
}

/** As rootless docker and podman, and those of root, look for certificates of registries. */
function certificatePlacesOf(environment: ConfigInput['environment']): readonly string[] {
  const base = configHome(environment);
  const places = ['docker/certs.d', 'containers/certs.d'];
  return [...(base === undefined ? [] : [base]), '/etc'].flatMap((top) =>
    places.map((place) => join(top, place)),
  );
}

function configHome(environment: ConfigInput['environment']): string | undefined {
  const {XDG_CONFIG_HOME: xdg, HOME: home} = environment as {XDG_CONFIG_HOME?: string; HOME?: string};
  // The XDG specification: a relative XDG_CONFIG_HOME is ignored.
  return xdg !== undefined && isAbsolute(xdg) ? xdg : home ? join(home, '.config') : undefined;
}
