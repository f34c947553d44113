// What this machine can and cannot do for builds, and the command that mends it. Each check tries the thing; none
// changes the machine: what is made is removed, and a state directory that is not there is not made.

import {tmpdir} from 'node:os';
import {BuildError} from '../../diagnostics/build-error.ts';
import {HelperProcess} from '../../helper/helper-process.ts';
import {locateHelper} from '../../helper/locate-helper.ts';
import {asRoot, type Host, thisHost} from './host.ts';
import {
  checkConfiguration,
  checkCredentials,
  checkDevices,
  checkGit,
  checkKernel,
  checkNode,
  checkOpenFiles,
  checkPlatforms,
  checkStateDirectory,
  existingAncestor,
  isWritable,
} from './host-checks.ts';
import {type DoctorReport, type Finding, finding, reportOf} from './report.ts';
import {checkProbe, SandboxTry} from './sandbox-checks.ts';

export interface DoctorOptions {
  readonly root: string;
  readonly configFile?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export async function examine(options: DoctorOptions, signal: AbortSignal): Promise<DoctorReport> {
  const {root, environment} = options;
  const host = thisHost(environment);
  return reportOf([
    checkKernel(),
    checkNode(),
    checkDevices(host),
    checkOpenFiles(host),
    ...(await withHelper(host, options, signal)),
    checkStateDirectory(root),
    await checkPlatforms(host),
    await checkGit(host, environment, signal),
    await checkConfiguration(options.configFile, environment),
    await checkCredentials(environment),
  ]);
}

async function withHelper(
  host: Host,
  {root, environment}: DoctorOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  let path: string;
  try {
    path = locateHelper(environment);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return [
      finding('helper', 'missing', error.message, {
        fix: `${asRoot(host, 'apt install gcc make libc6-dev')}; then: make -C native`,
        needed: true,
      }),
    ];
  }
  const helper = new HelperProcess({path});
  try {
    const place = existingAncestor(root);
    const probed = await checkProbe(host, helper, isWritable(place) ? place : undefined);
    const found = [finding('helper', 'ok', path, {needed: true}), ...probed];
    // Without its ids the helper can do nothing else.
    if (probed.length === 1) return found;
    signal.throwIfAborted();
    const tried = [tmpdir(), place].find(isWritable);
    if (tried === undefined) {
      const fix = 'make one of them writable, or name another one: TMPDIR=DIR';
      return [
        ...found,
        finding('sandbox', 'warning', `cannot be tried: neither ${tmpdir()} nor ${place} is writable`, {fix}),
      ];
    }
    using attempt = new SandboxTry(host, helper, {program: path, place: tried});
    const sandbox = await attempt.checkSandbox();
    if (sandbox.state === 'missing') return [...found, sandbox];
    return [
      ...found,
      sandbox,
      await attempt.checkFilter(),
      await attempt.checkLimits(),
      await attempt.checkNetwork(),
    ];
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return [finding('helper', 'missing', `${path}: ${error.message}`, {fix: 'make -C native', needed: true})];
  } finally {
    await helper.close();
  }
}
