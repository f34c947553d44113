// What a user reads when a repository cannot be had. git explains itself in English on standard error; its last words
// are passed on, and the causes that people meet get a hint.

import {BuildError, buildError} from '../../diagnostics/build-error.ts';
import {GitFailure} from '../../helper/git-process.ts';

interface Cause {
  readonly sign: RegExp;
  readonly kind: 'user' | 'environment';
  readonly code: string;
  readonly hint: string;
}

const credentialsHint =
  'a private repository needs --secret id=GIT_AUTH_TOKEN,env=…, or --ssh default with a git@host:… address';

const causes: readonly Cause[] = [
  {
    sign: /could not read (?:Username|Password)|terminal prompts disabled|Authentication failed|error: 40[13]/i,
    kind: 'user',
    code: 'git-denied',
    hint: `check the address; ${credentialsHint}`,
  },
  {
    sign: /Host key verification failed/i,
    kind: 'user',
    code: 'git-unknown-host-key',
    hint: 'ssh does not know the host: ssh-keyscan HOST >> ~/.ssh/known_hosts, after checking the key',
  },
  {
    sign: /Permission denied \(/i,
    kind: 'user',
    code: 'git-denied',
    hint: 'give an ssh agent that has the key: --ssh default',
  },
  {
    sign: /repository .*not found|does not appear to be a git repository|not exported|not found:|error: 404/i,
    kind: 'user',
    code: 'git-not-found',
    hint: `check the address; ${credentialsHint}`,
  },
  {
    sign: /Could not resolve host|Name or service not known|Temporary failure in name resolution/i,
    kind: 'environment',
    code: 'git-unreachable',
    hint: 'check the name of the host, the network, and HTTPS_PROXY if one is needed here',
  },
  {
    sign: /Connection refused|timed out|unable to connect|Couldn't connect|No route|disconnect|early EOF/i,
    kind: 'environment',
    code: 'git-unreachable',
    hint: 'check the network; a proxy is taken from HTTPS_PROXY',
  },
  {
    sign: /certificate|SSL|TLS/i,
    kind: 'environment',
    code: 'git-untrusted',
    hint: 'name its authority in GIT_SSL_CAINFO or SSL_CERT_FILE; for a server without TLS write http://',
  },
  {
    sign: /No space left on device/i,
    kind: 'environment',
    code: 'store-disk-full',
    hint: 'free some space, or choose another --root',
  },
  {
    sign: /transport '.*' not allowed/i,
    kind: 'user',
    code: 'git-transport',
    hint: 'repositories are fetched by https, http, ssh and git only',
  },
];

const notesMax = 8;

/** `what`: `fetching https://host/repo.git`. Errors that are none of git's come back as they are. */
export function gitFailureOf(error: unknown, what: string): unknown {
  if (!(error instanceof GitFailure) || error instanceof BuildError) return error;
  const lines = error.said
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[\x00-\x1f\x7f]+/g, ' ').trim())
    .filter((line) => line !== '');
  const decisive = decisiveOf(lines);
  const cause = causes.find(({sign}) => sign.test(error.said));
  const reason = decisive?.replace(/^fatal: /, '') ?? `git exited with ${error.exitCode ?? 'a signal'}`;
  const notes = lines.filter((line) => line !== decisive).slice(-notesMax);
  return buildError(cause?.kind ?? 'environment', cause?.code ?? 'git-failed', `${what}: ${reason}`, {
    ...(cause === undefined ? {} : {hints: [cause.hint]}),
    ...(notes.length === 0 ? {} : {notes: notes.map((line) => `git says: ${line}`)}),
    cause: error,
  });
}

/** ssh says why before git says that it did not go well. */
function decisiveOf(lines: readonly string[]): string | undefined {
  const fatal = lines.find((line) => line.startsWith('fatal: '));
  return fatal?.includes('Could not read from remote repository') === true
    ? lines[0]
    : (fatal ?? lines.at(-1));
}
