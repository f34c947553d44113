// An image's archive at the place where it was asked for. A large one that was written there last, and that nobody has
// touched since, is left as it is: its inode, size and times are what they were when it got its name. The kernel alone
// sets the time of change (ctime), and each write sets the time of modification anew; an archive gets its name in a
// later tick of the kernel's clock than its last byte, so that whatever is written afterwards, however soon, tells
// (docs/adr/0017). What was written in another boot is not believed: nobody waits here for the disk.

import {stat} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {digestOf} from '../oci/digest.ts';
import type {ArchiveMemory, ExportContext} from './exporter.ts';
import {type FileMarks, marksOf, outputFile, writeOutput} from './output-file.ts';
import type {ArchiveMember} from './tar-archive.ts';

export interface ImageArchive {
  readonly members: readonly ArchiveMember[];
  /** Time of every member. */
  readonly epochSeconds: number;
}

type Writing = Pick<ExportContext, 'archives' | 'note' | 'signal' | 'stdout' | 'workingDirectory'>;

/** A smaller one is written as quickly as it is looked up. */
const rememberedBytesMin = 8 * 1024 * 1024;
/** Longer than a tick of the kernel's clock, which is of 10 ms at most. */
const tickMs = 15;

export async function writeArchiveOutput(
  dest: string,
  archive: ImageArchive,
  context: Writing,
): Promise<void> {
  const {archives} = context;
  const path = sizeOf(archive) < rememberedBytesMin ? undefined : await outputFile(dest, context);
  const identity = `${archives.bootId} ${identityOf(archive)}`;
  if (path !== undefined && (await isUntouched(path, identity, archives))) {
    context.note(`${dest} is what was written there last, and stays`);
    return;
  }
  const {writeArchive} = await import('./tar-archive.ts');
  const written = await writeOutput(dest, context, async (write) => {
    await writeArchive(archive.members, write, {epochSeconds: archive.epochSeconds, signal: context.signal});
    if (path !== undefined) await sleep(tickMs);
  });
  if (path === undefined || written === undefined) return;
  const named = await stat(path, {bigint: true}).catch(() => undefined);
  const isOurs = named?.ino === written.ino && named.dev === written.dev && named.mtimeNs === written.mtimeNs;
  if (isOurs && named.mtimeNs < named.ctimeNs) archives.set(path, `${identity} ${marksOf(named)}`);
}

async function isUntouched(path: string, identity: string, archives: ArchiveMemory): Promise<boolean> {
  const known = archives.get(path);
  if (known === undefined || !known.startsWith(`${identity} `)) return false;
  const found: FileMarks | undefined = await stat(path, {bigint: true}).catch(() => undefined);
  return found !== undefined && known === `${identity} ${marksOf(found)}`;
}

function sizeOf({members}: ImageArchive): number {
  return members.reduce((sum, member) => sum + (member.type === 'file' ? member.size : 0), 0);
}

/** Of the archive's bytes, without reading a blob: its members' names have their digests. */
function identityOf({members, epochSeconds}: ImageArchive): string {
  const lines = members.map((member) => {
    const what = member.type === 'bytes' ? digestOf(member.bytes) : member.type === 'file' ? member.size : '';
    return `${member.type} ${member.name} ${what}`;
  });
  return digestOf([epochSeconds, ...lines].join('\n'));
}
