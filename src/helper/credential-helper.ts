// docker's credential helpers: `docker-credential-NAME get` reads a server on standard input and answers with JSON
// (docker-credential-helpers, "Development"). The only caller is the registry client; here because processes are
// started in this room only.

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
  const program = `docker-credential-${request.name}`;
  // A name comes from a file of the user's; a path in it would run another program than it says.
  if (!/^[A-Za-z0-9._-]+$/.test(request.name)) throw failed(program, 'its name is not valid');
  const {code, stdout, stderr} = await run(program, request);
  if (code !== 0) {
    const said = `${stdout}\n${stderr}`.trim();
    if (/credentials not found|not found in native keychain/i.test(said)) return undefined;
    throw failed(program, said.split('\n')[0] || `exit code ${code}`);
  }
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

function run(
  program: string,
  {server, environment, signal}: CredentialHelperRequest,
): Promise<{code: number | null; stdout: string; stderr: string}> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const child = spawn(program, ['get'], {
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
    child.stdin.end(server);
  });
}

function failed(program: string, reason: string, cause?: unknown): Error {
  return buildError('environment', 'registry-credential-helper', `${program} failed: ${reason}`, {
    hints: ['it is named in the docker configuration (credsStore or credHelpers in config.json)'],
    cause,
  });
}
