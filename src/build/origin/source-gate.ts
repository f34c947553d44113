// What every source passes on its way into a build: first the source policy, which may refuse it or make another of
// it, then the lock, which says what it has to be. Sources are images, URLs, git repositories and directories of the
// host, whether FROM, COPY --from, ADD, the build context or a named one asks for them.

import {type BuildError, buildError} from '../../diagnostics/build-error.ts';
import type {GitSource, HttpSource} from '../../graph/op.ts';
import type {LockFile} from '../../lock/lock-file.ts';
import type {Digest} from '../../oci/digest.ts';
import {formatPlatformVersion, type Platform} from '../../oci/platform.ts';
import {isReferenceProblem, normalisedName, parseReference} from '../../oci/reference.ts';
import {evaluatePolicy, type PolicySource} from '../../policy/evaluate.ts';
import type {SourcePolicy} from '../../policy/source-policy.ts';
import {refusalText} from '../../util/error-text.ts';
import {withoutCredentials} from '../../util/url-credentials.ts';
import type {BuildRequest} from '../request.ts';
import type {ReadGiven} from '../step.ts';

export interface GatedImage {
  /** What to resolve. */
  readonly reference: string;
  /** What it has to be; undefined: whatever it is. */
  readonly digest: Digest | undefined;
}

const imageScheme = 'docker-image://';

/** Throws BuildError('user') when the policy or the lock cannot be read. */
export async function openGate(request: BuildRequest, read: ReadGiven): Promise<SourceGate> {
  const {sourcePolicy, lock} = request;
  const policy = sourcePolicy === undefined ? undefined : await readPolicy(sourcePolicy, read);
  if (lock === undefined) return new SourceGate(policy, undefined, undefined);
  if (lock.mode === 'extend') return new SourceGate(policy, lock.known, undefined);
  return new SourceGate(policy, await readLock(lock.file, read), lock.file);
}

export class SourceGate {
  readonly #policy: SourcePolicy | undefined;
  readonly #lock: LockFile | undefined;
  /** The file that everything has to be in; undefined: what is not in the lock passes. */
  readonly #lockFile: string | undefined;

  constructor(policy: SourcePolicy | undefined, lock: LockFile | undefined, lockFile: string | undefined) {
    this.#policy = policy;
    this.#lock = lock;
    this.#lockFile = lockFile;
  }

  /** `given` is normalised. */
  image(given: string, platform: Platform): GatedImage {
    const {identifier} = this.#judged({identifier: `${imageScheme}${given}`, attributes: {}});
    const parsed = parseReference(schemeless(identifier, imageScheme, given));
    if (isReferenceProblem(parsed)) throw badConversion(given, identifier);
    const reference = normalisedName(parsed);
    // A digest says what it is.
    if (parsed.digest !== undefined) return {reference, digest: undefined};
    const name = formatPlatformVersion(platform);
    const entry = this.#lock?.images.find((one) => one.reference === reference && one.platform === name);
    if (entry === undefined) this.#mustBeLocked(`${reference} for ${name}`);
    return {reference, digest: entry?.digest};
  }

  /** An image of an OCI layout, which its digest locks. */
  layout(reference: string): void {
    const identifier = `oci-layout://${reference}`;
    const judged = this.#judged({identifier, attributes: {}});
    if (judged.identifier !== identifier) throw badConversion(identifier, judged.identifier);
  }

  /** A directory of the host, by the name of its context. Its files are the user's own. */
  local(name: string): void {
    const identifier = `local://${name}`;
    const judged = this.#judged({identifier, attributes: {}});
    if (judged.identifier !== identifier) throw badConversion(identifier, judged.identifier);
  }

  http(given: HttpSource): HttpSource {
    const key = 'http.checksum';
    const attributes = given.checksum === undefined ? {} : {[key]: given.checksum};
    const judged = this.#judged({identifier: given.url, attributes});
    if (!/^https?:\/\//.test(judged.identifier)) throw badConversion(given.url, judged.identifier);
    const checksum = judged.attributes[key];
    checkAttributes(judged, [key]);
    const source = {...given, url: judged.identifier, ...(checksum === undefined ? {} : {checksum})};
    if (checksum !== undefined) return source;
    const url = withoutCredentials(source.url);
    const entry = this.#lock?.urls.find((one) => one.url === url);
    if (entry === undefined) this.#mustBeLocked(url);
    return entry === undefined ? source : {...source, checksum: entry.digest};
  }

  git(given: GitSource): GitSource {
    const key = 'git.checksum';
    const scheme = /^[a-z+]+:\/\//.exec(given.remote)?.[0] ?? '';
    const identifier = `git://${given.remote.slice(scheme.length)}${given.ref === undefined ? '' : `#${given.ref}`}`;
    const attributes = given.checksum === undefined ? {} : {[key]: given.checksum};
    const judged = this.#judged({identifier, attributes});
    checkAttributes(judged, [key]);
    const [place = '', ref] = schemeless(judged.identifier, 'git://', given.remote).split(/#(.*)/s);
    const {ref: _, checksum: __, ...rest} = given;
    const checksum = judged.attributes[key];
    const source: GitSource = {
      ...rest,
      remote: `${scheme}${place}`,
      ...(ref === undefined ? {} : {ref}),
      ...(checksum === undefined ? {} : {checksum}),
    };
    if (isCommit(source.ref) || isCommit(checksum)) return source;
    const remote = withoutCredentials(source.remote);
    const entry = this.#lock?.git.find((one) => one.remote === remote && one.ref === (ref ?? ''));
    if (entry === undefined) this.#mustBeLocked(`${remote}${ref === undefined ? '' : `#${ref}`}`);
    return entry === undefined ? source : {...source, checksum: entry.commit, fetchByCommit: true};
  }

  #judged(source: PolicySource): PolicySource {
    if (this.#policy === undefined) return source;
    const verdict = evaluatePolicy(this.#policy, source);
    if (verdict.type === 'allowed') return verdict.source;
    const shown = withoutCredentials(verdict.identifier);
    if (verdict.type === 'denied')
      throw buildError('user', 'policy-denied', `source "${shown}" denied by policy`);
    throw buildError('user', 'policy-endless', `the source policy converts "${shown}" in circles`);
  }

  #mustBeLocked(what: string): void {
    if (this.#lockFile === undefined) return;
    throw buildError('user', 'lock-missing', `${what} is not in ${this.#lockFile}`, {
      hints: ['tsbuild lock adds what is missing'],
    });
  }
}

async function readPolicy(path: string, given: ReadGiven): Promise<SourcePolicy> {
  const {parseSourcePolicy} = await import('../../policy/source-policy.ts');
  return read(path, parseSourcePolicy(await textOf(path, 'source policy', given)), 'source policy');
}

async function readLock(path: string, given: ReadGiven): Promise<LockFile> {
  const {parseLock} = await import('../../lock/lock-file.ts');
  return read(path, parseLock(await textOf(path, 'lock file', given)), 'lock file');
}

async function textOf(path: string, what: string, given: ReadGiven): Promise<string> {
  const bytes = await given(path, path).catch((cause: unknown) => {
    throw buildError('user', 'source-gate', `cannot read the ${what} ${path}: ${refusalText(cause)}`, {
      cause,
    });
  });
  return bytes.toString();
}

function read<T extends object>(path: string, parsed: T | {readonly problem: string}, what: string): T {
  if (!('problem' in parsed)) return parsed;
  throw buildError('user', 'source-gate', `the ${what} ${path} cannot be used: ${parsed.problem}`);
}

function schemeless(identifier: string, scheme: string, given: string): string {
  if (!identifier.startsWith(scheme)) throw badConversion(given, identifier);
  return identifier.slice(scheme.length);
}

function checkAttributes({identifier, attributes}: PolicySource, known: readonly string[]): void {
  const unknown = Object.keys(attributes).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const message = `the source policy sets ${unknown} of "${withoutCredentials(identifier)}", which is not supported`;
  throw buildError('user', 'policy-attribute', message);
}

function badConversion(from: string, to: string): BuildError {
  const [before, after] = [withoutCredentials(from), withoutCredentials(to)];
  const message = `the source policy converts "${before}" to "${after}", which is not a source of the same kind`;
  return buildError('user', 'policy-conversion', message);
}

function isCommit(text: string | undefined): boolean {
  return text !== undefined && /^[0-9a-f]{40}$/.test(text);
}
