// What Go's linker writes into a program (Go's debug/buildinfo): behind a magic text, at a multiple of 16 bytes, the
// version of Go and the modules it was built of. Programs of Go before 1.18 have pointers there instead, and are left
// out.

import type {FoundPackage} from './found-package.ts';

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const align = 16;
const headerBytes = 32;
/** Both strings follow the header itself. */
const inlineFlag = 2;
const pointerSizes: ReadonlySet<number> = new Set([0, 4, 8]);
/** Of what byte order pointers are, and the flag. */
const flagsMax = 3;
/** What Go says of the program's own module where it knows no version. */
const unversioned = '(devel)';
const infoBytesMax = 4 * 1024 * 1024;
/** Modules stand between two of these: 16 bytes of its own that the runtime finds the text by. */
const frameBytes = 16;

/** The modules of the program in `stream`; none when it is no program of Go. */
export async function goPackages(stream: AsyncIterable<Uint8Array>, path: string): Promise<FoundPackage[]> {
  let window = Buffer.alloc(0);
  /** Where in the file the window begins; a multiple of `align`. */
  let found = false;
  for await (const piece of stream) {
    window = Buffer.concat([window, piece]);
    if (!found) {
      const at = magicIn(window);
      found = at !== undefined;
      // What is dropped ends at a multiple of 16, so that the window stays aligned.
      const keptFrom = at ?? Math.max(0, Math.floor((window.length - headerBytes) / align) * align);
      window = window.subarray(keptFrom);
    }
    if (found && window.length >= infoBytesMax) break;
  }
  return found ? packagesOf(window, path) : [];
}

function magicIn(window: Buffer): number | undefined {
  for (let at = window.indexOf(magic); at >= 0; at = window.indexOf(magic, at + 1)) {
    if (at % align === 0 && isHeader(window, at)) return at;
  }
  return undefined;
}

/** Programs that read others have the magic text as a text of their own: behind that is no size of a pointer. */
function isHeader(window: Buffer, at: number): boolean {
  const [pointerBytes, flags] = [window[at + 14], window[at + 15]];
  return (
    pointerBytes !== undefined && flags !== undefined && pointerSizes.has(pointerBytes) && flags <= flagsMax
  );
}

function packagesOf(info: Buffer, path: string): FoundPackage[] {
  if (info.length < headerBytes || ((info[15] ?? 0) & inlineFlag) === 0) return [];
  const version = stringAt(info, headerBytes);
  if (version === undefined) return [];
  const modules = stringAt(info, version.end);
  const text = modules?.bytes.subarray(frameBytes, -frameBytes).toString('utf8') ?? '';
  const found: FoundPackage[] = [];
  const goVersion = /^go(\S+)/.exec(version.bytes.toString('utf8'))?.[1];
  if (goVersion !== undefined) found.push({type: 'golang', name: 'stdlib', version: goVersion, path});
  for (const line of text.split('\n')) {
    const [kind, name = '', moduleVersion = ''] = line.split('\t');
    // A module that was taken from a directory is still the one that it is a copy of.
    if (kind === '=>' && /^[./]/.test(name)) continue;
    if (kind === '=>') found.pop();
    if ((kind === 'mod' || kind === 'dep' || kind === '=>') && name !== '') {
      const version = moduleVersion === unversioned ? '' : moduleVersion;
      found.push({...named(name), type: 'golang', version, path});
    }
  }
  return found;
}

function named(module: string): Pick<FoundPackage, 'name' | 'namespace'> {
  const slash = module.lastIndexOf('/');
  return slash < 0 ? {name: module} : {namespace: module.slice(0, slash), name: module.slice(slash + 1)};
}

/** A varint of the length (Go's binary.Uvarint), then the bytes. */
function stringAt(info: Buffer, start: number): {readonly bytes: Buffer; readonly end: number} | undefined {
  let length = 0;
  for (let at = start, shift = 0; shift <= 28; at++, shift += 7) {
    const byte = info[at];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      const end = at + 1 + length;
      return end <= info.length ? {bytes: info.subarray(at + 1, end), end} : undefined;
    }
  }
  return undefined;
}
