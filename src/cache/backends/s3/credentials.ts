// Where the keys of S3 come from, in the order of AWS's own tools: options, environment, the profile in the shared
// credentials file, the profile in the shared config file. Roles, SSO and instance metadata are not asked.

import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import type {S3Credentials} from './signature.ts';

export interface S3Settings {
  readonly credentials: S3Credentials | undefined;
  readonly region: string;
  readonly endpoint: string | undefined;
}

type Section = Readonly<Record<string, string>>;
type Environment = Readonly<Record<string, string | undefined>>;

export async function s3Settings(
  options: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<S3Settings> {
  const folder = join(environment['HOME'] ?? homedir(), '.aws');
  const profile = environment['AWS_PROFILE'] ?? environment['AWS_DEFAULT_PROFILE'] ?? 'default';
  const secrets = sectionOf(
    await textOf(environment['AWS_SHARED_CREDENTIALS_FILE'] ?? join(folder, 'credentials')),
    [profile],
  );
  const config = sectionOf(await textOf(environment['AWS_CONFIG_FILE'] ?? join(folder, 'config')), [
    `profile ${profile}`,
    profile,
  ]);
  const given: Section = Object.fromEntries(options);
  const named = {
    aws_access_key_id: environment['AWS_ACCESS_KEY_ID'],
    aws_secret_access_key: environment['AWS_SECRET_ACCESS_KEY'],
    aws_session_token: environment['AWS_SESSION_TOKEN'],
  };
  const candidates = [prefixed(given), named, secrets, config];
  return {
    credentials: candidates.map(credentialsIn).find((found) => found !== undefined),
    region:
      given['region'] ??
      environment['AWS_REGION'] ??
      environment['AWS_DEFAULT_REGION'] ??
      config['region'] ??
      'us-east-1',
    endpoint:
      given['endpoint_url'] ??
      environment['AWS_ENDPOINT_URL_S3'] ??
      environment['AWS_ENDPOINT_URL'] ??
      config['endpoint_url'],
  };
}

function prefixed(options: Section): Section {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [`aws_${key}`, value]));
}

function credentialsIn(section: Environment): S3Credentials | undefined {
  const accessKeyId = section['aws_access_key_id'];
  const secretAccessKey = section['aws_secret_access_key'];
  const sessionToken = section['aws_session_token'];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return {accessKeyId, secretAccessKey, ...(sessionToken ? {sessionToken} : {})};
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') return '';
    throw error;
  });
}

/** The first of `names` that is a section of an INI file; nested settings (indented) are left out. */
export function sectionOf(text: string, names: readonly string[]): Section {
  const sections = new Map<string, Record<string, string>>();
  let current: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const header = /^\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) {
      current = sections.get(header) ?? {};
      sections.set(header, current);
      continue;
    }
    const [, key, value] = /^([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && value !== '') current[key.toLowerCase()] = value;
  }
  for (const name of names) {
    const found = sections.get(name);
    if (found !== undefined) return found;
  }
  return {};
}
