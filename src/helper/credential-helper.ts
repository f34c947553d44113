// docker's credential helpers: `docker-credential-NAME get` reads a server on standard input and answers with JSON,
// `store` reads JSON, `erase` a server (docker-credential-helpers, "Development"). The only caller is the registry
// client; here because processes are started in this room only.

import {spawn} from 'node:child_process';
import {buildError} from '../diagnostics/build-error.ts';

export interface HelperCredential {
  /** `<token>` when the secret is an identity token. */
  readonly username: string;
  readonly secret: string;
}

export interface CredentialHelperRequest {
  /** Without `docker-credential-`. */
  readonly name: string;
  readonly server: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

const answerBytesMax = 1024 * 1024;
const timeoutMs = 30_000;

/** What the helper knows about `server`; undefined when it knows nothing. Throws BuildError when it cannot be asked. */
export async function askCredentialHelper(
  request: CredentialHelperRequest,
): Promise<HelperCredential | undefined> {
  const program = programOf(request);
  const answered = await run(program, 'get', request.server, request);
  if (isUnknown(answered)) return undefined;
  const {stdout} = succeeded(program, answered);
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    // The text is not quoted: it may hold the secret.
    throw failed(program, 'its answer is no JSON');
  }
  const {Username: username, Secret: secret} = (answer ?? {}) as {Username?: unknown; Secret?: unknown};
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw failed(program, 'its answer has no Username and Secret');
  }
  return {username, secret};
}

/** Lets the helper keep a credential for `server`. */
export async function storeInHelper(
  request: CredentialHelperRequest,
  {username, secret}: HelperCredential,
): Promise<void> {
  const program = programOf(request);
  const input = JSON.stringify({ServerURL: request.server, Username: username, Secret: secret});
  succeeded(program, await run(program, 'store', input, request));
}

/** Lets the helper forget `server`; false when it knew nothing. */
export async function eraseFromHelper(request: CredentialHelperRequest): Promise<boolean> {
  const program = programOf(request);
  const answered = await run(program, 'erase', request.server, request);
  if (isUnknown(answered)) return false;
  succeeded(program, answered);
  return true;
}

interface Answered {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function programOf({name}: CredentialHelperRequest): string {
  const program = `docker-credential-${name}`;
  // A name comes from a file of the user's; a path in it would run another program than it says.
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw failed(program, 'its name is not valid');
  return program;
}

function isUnknown({code, stdout, stderr}: Answered): boolean {
  return code !== 0 && /credentials not found|not found in native keychain/i.test(`${stdout}\n${stderr}`);
}

function succeeded(program: string, answered: Answered): Answered {
  const {code, stdout, stderr} = answered;
  if (code === 0) return answered;
  throw failed(program, `${stdout}\n${stderr}`.trim().split('\n')[0] || `exit code ${code}`);
}

function run(
  program: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  {environment, signal}: CredentialHelperRequest,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const child = spawn(program, [verb], {
      env: {...environment} as NodeJS.ProcessEnv,
      signal: limit,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const texts = {stdout: '', stderr: ''};
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        texts[name] += text;
        if (texts[name].length > answerBytesMax) child.kill();
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else if (limit.aborted) reject(failed(program, `no answer within ${timeoutMs / 1000} s`));
      else if (error.code === 'ENOENT') reject(failed(program, 'it is not installed (not in PATH)', error));
      else reject(failed(program, error.message, error));
    });
    child.on('close', (code) => resolve({code, ...texts}));
    // A helper that does not read its input is judged by its answer.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function failed(program: string, reason: string, cause?: unknown): Error {
  return buildError('environment', 'registry-credential-helper', `${program} failed: ${reason}`, {
    hints: ['it is named in the docker configuration (credsStore or credHelpers in config.json)'],
    cause,
  });
}
