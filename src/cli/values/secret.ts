// --secret id=ID[,src=FILE|,env=NAME][,type=file|env] and --ssh default|ID[=SOCKET|=KEYFILE[,KEYFILE]].

import {csvPairs} from './csv.ts';
import type {Problem} from './problem.ts';

export interface Secret {
  readonly id: string;
  readonly source: {readonly file: string} | {readonly env: string};
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Without a source the secret is the environment variable named like its id where there is one, else the file of
 * that name (as BuildKit's secrets provider has it).
 */
export function parseSecret(text: string, environment: Environment): Secret | Problem {
  const pairs = csvPairs(text);
  if ('problem' in pairs) return {problem: `--secret ${text}: ${pairs.problem}`};
  for (const key of pairs.keys()) {
    if (!['id', 'src', 'source', 'env', 'type'].includes(key)) {
      return {problem: `--secret ${text}: unexpected key '${key}', expected id, src, env or type`};
    }
  }
  const id = pairs.get('id') ?? '';
  if (id === '') return {problem: `--secret ${text}: id is missing`};
  const type = pairs.get('type');
  if (type !== undefined && type !== 'file' && type !== 'env') {
    return {problem: `--secret ${text}: type is "${type}", expected file or env`};
  }
  const file = pairs.get('src') ?? pairs.get('source');
  const variable = pairs.get('env');
  if (file !== undefined && variable !== undefined) {
    return {problem: `--secret ${text}: src and env exclude each other`};
  }
  if (variable !== undefined) return {id, source: {env: variable}};
  // `type=env,src=NAME` is docker's other spelling of `env=NAME`.
  if (type === 'env') return {id, source: {env: file ?? id}};
  if (file !== undefined) return {id, source: {file}};
  if (type === undefined && environment[id] !== undefined) return {id, source: {env: id}};
  return {id, source: {file: id}};
}

export interface SshForward {
  readonly id: string;
  /** One agent socket, or private keys. */
  readonly paths: readonly string[];
}

export function parseSsh(text: string, environment: Environment): SshForward | Problem {
  const equals = text.indexOf('=');
  const id = equals === -1 ? text : text.slice(0, equals);
  if (id === '') return {problem: `--ssh ${text}: expected default, ID, ID=SOCKET or ID=KEYFILE[,KEYFILE]`};
  const paths = equals === -1 ? [] : text.slice(equals + 1).split(',');
  if (paths.some((path) => path === '')) return {problem: `--ssh ${text}: a path is empty`};
  if (paths.length > 0) return {id, paths};
  const socket = environment['SSH_AUTH_SOCK'];
  if (!socket) return {problem: `--ssh ${text} forwards the agent at $SSH_AUTH_SOCK, which is not set`};
  return {id, paths: [socket]};
}
