// Build arguments and their scopes. The global scope holds the predefined platform arguments and the ARGs before the
// first FROM; only FROM lines and bare `ARG NAME` in a stage see it. `--build-arg` beats every default.

import type {ArgInstruction} from '../dockerfile/ast.ts';
import {formatPlatformVersion} from '../oci/platform.ts';
import {Environment} from './environment.ts';
import {type Escape, expandWord} from './expand.ts';
import type {PlanRequest} from './plan.ts';
import type {ProblemList} from './plan-problem.ts';

/** Declared with ARG, but for the builder only: they never enter the environment of a step. */
export const nonEnvironmentArguments: ReadonlySet<string> = new Set([
  'BUILDKIT_SBOM_SCAN_CONTEXT',
  'BUILDKIT_SBOM_SCAN_STAGE',
]);

const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'] as const;

/** BUILD* and TARGET*: always defined, perhaps empty; overridable like any other. */
export function predefinedArguments(
  request: Pick<PlanRequest, 'buildPlatform' | 'targetPlatform' | 'buildArgs'>,
  targetName: string,
): Environment {
  const {buildPlatform: build, targetPlatform: target, buildArgs} = request;
  const values: readonly (readonly [string, string])[] = [
    ['BUILDPLATFORM', formatPlatformVersion(build)],
    ['BUILDOS', build.os],
    ['BUILDOSVERSION', build['os.version'] ?? ''],
    ['BUILDARCH', build.architecture],
    ['BUILDVARIANT', build.variant ?? ''],
    ['TARGETPLATFORM', formatPlatformVersion(target)],
    ['TARGETOS', target.os],
    ['TARGETOSVERSION', target['os.version'] ?? ''],
    ['TARGETARCH', target.architecture],
    ['TARGETVARIANT', target.variant ?? ''],
    ['TARGETSTAGE', targetName === '' ? 'default' : targetName],
  ];
  return new Environment(values.map(([name, value]) => [name, buildArgs[name] ?? value]));
}

/** Adds the ARGs before the first FROM to `scope`. Each default sees what stands above it. */
export function addGlobalArguments(
  scope: Environment,
  metaArgs: readonly ArgInstruction[],
  buildArgs: Readonly<Record<string, string>>,
  escapeCharacter: Escape,
  problems: ProblemList,
): void {
  for (const instruction of metaArgs) {
    problems.collect(instruction.span, () => {
      for (const {key, value} of instruction.args) {
        const given = ownValue(buildArgs, key);
        if (given !== undefined) scope.set(key, given);
        else if (value !== undefined) scope.set(key, expandWord(value, scope, escapeCharacter));
      }
    });
  }
}

/** `HTTP_PROXY=…` and `http_proxy=…` for every proxy given as build argument, whichever case it was given in. */
export function proxyVariables(buildArgs: Readonly<Record<string, string>>): readonly string[] {
  const result: string[] = [];
  const given = Object.keys(buildArgs).sort();
  for (const name of proxyNames) {
    const key = given.findLast((candidate) => candidate.toUpperCase() === name);
    const value = key === undefined ? undefined : buildArgs[key];
    if (value !== undefined && value !== '')
      result.push(`${name}=${value}`, `${name.toLowerCase()}=${value}`);
  }
  return result;
}

/** The member of a record, without what objects inherit (`constructor` is a fine name for an ARG). */
export function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
