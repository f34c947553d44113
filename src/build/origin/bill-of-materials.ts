// The bill of materials of an image: its final file system as one flat tar, which no symlink can lead out of, and
// whose members are looked at by name.

import {rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {type ScannedFile, scanFiles} from '../../attestation/sbom/scan.ts';
import {spdxDocument, spdxPredicateType} from '../../attestation/sbom/spdx.ts';
import type {Attestation} from '../../exporters/exporter.ts';
import {type View, viewArguments} from '../../helper/helper.ts';
import {readMember, tarIndex} from '../../sources/archive/tar-index.ts';
import {readForeignBlobs} from '../../store/database.ts';
import type {Engine} from '../engine.ts';
import {statementsOf} from './scan-results.ts';

export interface BillOptions {
  readonly name: string;
  readonly createdSeconds: number;
}

export function billOfMaterials(
  view: View,
  engine: Pick<Engine, 'helper' | 'state'>,
  options: BillOptions,
  signal: AbortSignal,
): Promise<Attestation> {
  return withFiles(view, engine, signal, async (files, directory) => {
    const scan = await scanFiles(files, (file) => rpmHeadersIn(file, files, directory));
    const predicate = spdxDocument(scan, options);
    return {predicateType: spdxPredicateType, predicate, file: 'sbom.spdx.json'};
  });
}

/** What `generator` wrote, whose results `view` is. */
export function billsOfScanner(
  view: View,
  engine: Pick<Engine, 'helper' | 'state'>,
  generator: string,
  signal: AbortSignal,
): Promise<readonly Attestation[]> {
  return withFiles(view, engine, signal, (files) => statementsOf(files, generator));
}

async function withFiles<T>(
  view: View,
  {state, helper: getHelper}: Pick<Engine, 'helper' | 'state'>,
  signal: AbortSignal,
  use: (files: readonly ScannedFile[], directory: string) => Promise<T>,
): Promise<T> {
  const directory = await state.makeWork();
  const helper = await getHelper();
  try {
    const tar = join(directory, 'root.tar');
    const args = ['view=0', ...viewArguments(view), 'epoch=0', 'flatten=1', `out=${tar}`, 'compress=none'];
    await helper.request('pack', args, {signal});
    const members = await tarIndex(tar);
    const files = Array.from(members, ([path, member]): ScannedFile => {
      return {path, size: member.size, read: () => readMember(tar, member)};
    });
    return await use(files, directory);
  } finally {
    await helper.request('remove', [`path=${directory}`]);
  }
}

/** How rpm declares the table (lib/backend/sqlite.c); a trailing comma would begin a column that computes something. */
const rpmTable = {
  table: 'Packages',
  column: 'blob',
  declaration:
    /^CREATE TABLE ['"]?Packages['"]? ?\(\s*hnum INTEGER PRIMARY KEY AUTOINCREMENT,\s*blob BLOB NOT NULL\s*\)$/,
};

/** SQLite reads files only, and what was not yet written into the database itself is in its log. */
async function rpmHeadersIn(
  file: ScannedFile,
  files: readonly ScannedFile[],
  directory: string,
): Promise<readonly Uint8Array[] | undefined> {
  const path = join(directory, 'rpmdb.sqlite');
  const log = files.find((one) => one.path === `${file.path}-wal`);
  await writeFile(path, file.read());
  await (log === undefined ? rm(`${path}-wal`, {force: true}) : writeFile(`${path}-wal`, log.read()));
  return readForeignBlobs(path, rpmTable);
}
