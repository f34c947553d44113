// A layer blob becomes a layer directory: its bytes go to the helper, which writes the files, and its tar is verified
// on the way before anything is taken for whole.

import type {Helper} from '../helper/helper.ts';
import type {DiffId} from '../oci/digest.ts';
import {decodePathText} from '../util/path-text.ts';
import {streamToHelper} from './helper-stream.ts';

export interface UnpackedLayer {
  /** Directories that had no header: they must take their metadata from the layers below. */
  readonly implied: readonly string[];
  /** Hard links whose file is in a layer below. */
  readonly links: readonly {readonly path: string; readonly target: string}[];
}

/** Unpacks the tar `bytes`, plain or in gzip, into the new directory `dir`; throws when its digest is not `diffId`. */
export async function unpackLayer(
  helper: Helper,
  bytes: AsyncIterable<Uint8Array>,
  diffId: DiffId | undefined,
  dir: string,
  signal: AbortSignal,
): Promise<UnpackedLayer & {readonly diffId: DiffId}> {
  const listed: Uint8Array[] = [];
  const onData = (data: Uint8Array): void => void listed.push(Buffer.from(data));
  const request = {verb: 'unpack', args: [`dir=${dir}`], onData} as const;
  const {fields, diffId: found} = await streamToHelper(helper, request, {bytes, diffId}, signal);
  return {...namesOf(Buffer.concat(listed), Number(fields.get('implied') ?? 0)), diffId: found};
}

/** What `unpack` lists: the implied directories, then path and target of each link into a layer below. */
function namesOf(listed: Buffer, impliedCount: number): UnpackedLayer {
  const names = decodePathText(listed).split('\0').slice(0, -1);
  const links: {path: string; target: string}[] = [];
  for (let at = impliedCount; at + 1 < names.length; at += 2) {
    links.push({path: names[at] ?? '', target: names[at + 1] ?? ''});
  }
  return {implied: names.slice(0, impliedCount), links};
}
