// Our own scanner: every package that a file system tells of, found by the names of files, and of programs by their
// contents. Nothing of the file system is run or trusted; what cannot be read tells nothing.

import {byteOrder} from '../../util/byte-order.ts';
import type {FoundPackage} from './found-package.ts';
import {goPackages} from './go-binary.ts';
import {npmPackage, pythonPackage} from './language-packages.ts';
import {headersInHash, headersInNdb} from './rpm-databases.ts';
import {rpmPackage} from './rpm-header.ts';
import {apkPackages, distributionOf, dpkgPackages} from './system-packages.ts';

/** A regular file of the file system, its path without a leading slash. */
export interface ScannedFile {
  readonly path: string;
  readonly size: number;
  read(): AsyncIterable<Uint8Array>;
}

export interface ScanResult {
  readonly packages: readonly FoundPackage[];
  readonly distribution: {readonly id?: string; readonly version?: string};
  /** What is there and was not read, a sentence each. */
  readonly omissions: readonly string[];
}

const textBytesMax = 256 * 1024 * 1024;
const metadataBytesMax = 4 * 1024 * 1024;
/** The smallest program of Go has more than a megabyte. */
const programBytesMin = 256 * 1024;
const elfMagic = 0x7f454c46;

/** Where rpm had its database over the years, and in what (rpm's docs/man/rpm-config, `_dbpath`). */
const rpmDatabase =
  /^(?:var\/lib|usr\/lib\/sysimage|usr\/share)\/rpm\/(?:rpmdb\.sqlite|Packages|Packages\.db)$/;

/** Gives the headers in an rpm database that is SQLite's; undefined where it is none. */
export type ReadSqlite = (file: ScannedFile) => Promise<readonly Uint8Array[] | undefined>;

export async function scanFiles(files: Iterable<ScannedFile>, readSqlite: ReadSqlite): Promise<ScanResult> {
  const packages: FoundPackage[] = [];
  const omissions: string[] = [];
  let distribution: ScanResult['distribution'] = {};
  for (const file of files) {
    if (file.path === 'etc/os-release' || file.path === 'usr/lib/os-release') {
      distribution = distributionOf(await textOf(file, metadataBytesMax));
    } else if (rpmDatabase.test(file.path)) {
      const headers = await rpmHeaders(file, readSqlite);
      packages.push(...(headers ?? []).flatMap((header) => rpmPackage(header, file.path) ?? []));
      if (headers === undefined)
        omissions.push(`the packages in the rpm database /${file.path} are not listed: it cannot be read`);
    } else {
      packages.push(...(await packagesIn(file)));
    }
  }
  const unique = new Map(packages.map((found) => [JSON.stringify(found), found]));
  const sorted = [...unique].toSorted(([a], [b]) => byteOrder(a, b)).map(([, found]) => found);
  return {packages: sorted, distribution, omissions};
}

async function rpmHeaders(
  file: ScannedFile,
  readSqlite: ReadSqlite,
): Promise<readonly Uint8Array[] | undefined> {
  if (file.size > textBytesMax) return undefined;
  if (file.path.endsWith('.sqlite')) return readSqlite(file);
  const bytes = await bytesOf(file);
  return headersInHash(bytes) ?? headersInNdb(bytes);
}

async function packagesIn(file: ScannedFile): Promise<readonly FoundPackage[]> {
  const {path, size} = file;
  if (path === 'var/lib/dpkg/status' || /^var\/lib\/dpkg\/status\.d\/[^/]+$/.test(path))
    return path.endsWith('.md5sums') ? [] : dpkgPackages(await textOf(file, textBytesMax), path);
  if (path === 'lib/apk/db/installed' || path === 'usr/lib/apk/db/installed')
    return apkPackages(await textOf(file, textBytesMax), path);
  if (/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    return one(npmPackage(await textOf(file, metadataBytesMax), path));
  if (/\.dist-info\/METADATA$|\.egg-info\/PKG-INFO$|\.egg-info$|\.egg\/EGG-INFO\/PKG-INFO$/.test(path))
    return one(pythonPackage(await textOf(file, metadataBytesMax), path));
  if (size >= programBytesMin && (await isProgram(file))) return goPackages(file.read(), path);
  return [];
}

function one(found: FoundPackage | undefined): readonly FoundPackage[] {
  return found === undefined ? [] : [found];
}

async function isProgram(file: ScannedFile): Promise<boolean> {
  for await (const piece of file.read()) {
    return piece.length >= 4 && Buffer.from(piece.subarray(0, 4)).readUInt32BE(0) === elfMagic;
  }
  return false;
}

/** '' for a file that is larger than any of its kind. */
async function textOf(file: ScannedFile, bytesMax: number): Promise<string> {
  if (file.size > bytesMax) return '';
  return (await bytesOf(file)).toString('utf8');
}

async function bytesOf(file: ScannedFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}
