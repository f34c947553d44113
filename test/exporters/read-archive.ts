// Members of a tar, read back.

import {extract} from 'tar-stream';

export interface ReadMember {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
  readonly bytes: Buffer;
}

export async function readArchive(bytes: Uint8Array): Promise<ReadMember[]> {
  const members: ReadMember[] = [];
  const reader = extract();
  reader.end(Buffer.from(bytes));
  for await (const entry of reader) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const {name, type, mode, uid, gid, mtime} = entry.header;
    members.push({name, type, mode, uid, gid, mtimeMs: mtime.getTime(), bytes: Buffer.concat(chunks)});
  }
  return members;
}
