// What a lock file is made of: the build is planned, everything that it takes from outside is looked up, and nothing
// is run.

import {verticesOf} from '../../attestation/materials.ts';
import type {LockFile} from '../../lock/lock-file.ts';
import {openBuild} from '../opened.ts';
import {planRequest} from '../planning.ts';
import type {BuildRequest, EngineOptions} from '../request.ts';
import {scansOf} from './scans.ts';

/** Entries of `known` stay as they are; what else the build needs is asked for anew. */
export async function lockBuild(
  request: BuildRequest,
  known: LockFile,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<LockFile> {
  const locking: BuildRequest = {...request, pull: true, lock: {mode: 'extend', known}};
  await using opened = await openBuild(locking, options, signal);
  const {plans, dockerfile} = await planRequest(opened, options.emit);
  await scansOf(plans, opened, dockerfile);
  const {sources, context, ledger} = opened;
  for (const {op} of new Set(plans.flatMap(({vertex}) => verticesOf(vertex)))) {
    if (op.kind !== 'source') continue;
    const {source} = op;
    if (source.type === 'http') await sources.http(source, signal);
    else if (source.type === 'git') await sources.git(source, signal);
    else if (source.type === 'local' && context.local(source.name) === undefined)
      await context.open(source.name, signal);
  }
  const fetched = ledger.entries();
  return {
    // A digest in a name is a lock already.
    images: ledger.images().filter(({reference}) => !reference.includes('@')),
    urls: fetched.flatMap((entry) => (entry.type === 'http' ? {url: entry.url, digest: entry.digest} : [])),
    git: fetched.flatMap((entry) =>
      entry.type === 'git' ? {remote: entry.remote, ref: entry.ref ?? '', commit: entry.commit} : [],
    ),
  };
}
