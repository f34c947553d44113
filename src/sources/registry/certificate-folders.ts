// Certificates as docker, podman and buildkitd keep them: a folder for one registry, in which every *.crt is an
// authority, and NAME.cert with NAME.key shows who we are. Half a pair is a mistake that would otherwise be met as a
// registry that refuses for no reason.

import {join} from 'node:path';
import {buildError} from '../../diagnostics/build-error.ts';
import {refusalText} from '../../util/error-text.ts';

export interface CertificateFolder {
  readonly path: string;
  /** The configuration names it, so it has to be there. */
  readonly isNamed: boolean;
}

export interface FolderCertificates {
  /** Paths. */
  readonly ca: readonly string[];
  readonly keypair: readonly {readonly key: string; readonly cert: string}[];
}

/** What is in a folder, in the order of names. `list` gives the names in a folder. Throws BuildError. */
export async function certificatesIn(
  {path, isNamed}: CertificateFolder,
  list: (path: string) => Promise<readonly string[]>,
): Promise<FolderCertificates> {
  let names: readonly string[];
  try {
    names = (await list(path)).toSorted();
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (!isNamed && (code === 'ENOENT' || code === 'ENOTDIR')) return {ca: [], keypair: []};
    throw buildError(
      'environment',
      'registry-missing-certificate',
      `cannot read certificates in ${path}: ${refusalText(error)}`,
      {
        ...(isNamed ? {hints: ['it is a tlsconfigdir of the configuration file']} : {}),
        cause: error,
      },
    );
  }
  const stems = (suffix: string): string[] =>
    names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  const certificates = stems('.cert');
  const keys = stems('.key');
  const lonelyKey = keys.find((stem) => !certificates.includes(stem));
  if (lonelyKey !== undefined) throw half(path, `${lonelyKey}.key`, `${lonelyKey}.cert`);
  const lonelyCertificate = certificates.find((stem) => !keys.includes(stem));
  if (lonelyCertificate !== undefined) {
    throw half(path, `${lonelyCertificate}.cert`, `${lonelyCertificate}.key`);
  }
  return {
    ca: stems('.crt').map((stem) => join(path, `${stem}.crt`)),
    keypair: certificates.map((stem) => ({key: join(path, `${stem}.key`), cert: join(path, `${stem}.cert`)})),
  };
}

function half(folder: string, there: string, missing: string): Error {
  return buildError(
    'environment',
    'registry-invalid-certificate',
    `${join(folder, there)} has no ${missing} beside it`,
    {hints: ['a client certificate is NAME.cert with NAME.key; an authority is called NAME.crt']},
  );
}
