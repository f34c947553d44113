// Whether this machine can run the programs of a platform: natively, by BuildKit's rule (amd64 runs 386, arm64 runs
// arm, every level of an architecture is tried), or through an emulator that the kernel knows of (binfmt_misc,
// Documentation/admin-guide/binfmt-misc.rst). The kernel picks an emulator by the first bytes of a program, so that is
// what is asked here: who takes an ELF header of that machine? Its file must have been opened when it was registered
// (flag F), for in the sandbox its path means nothing.

import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {formatPlatform, hostPlatform, type Platform, platformRank} from '../../oci/platform.ts';

export interface NotRunnable {
  readonly message: string;
  readonly hints: readonly string[];
}

export interface BinfmtEntry {
  readonly name: string;
  readonly enabled: boolean;
  readonly interpreter: string;
  readonly flags: string;
  readonly offset: number;
  readonly magic: Uint8Array;
  /** Undefined: every bit counts. */
  readonly mask: Uint8Array | undefined;
}

/** What the kernel says about its emulators. */
export interface EmulatorList {
  /** `echo 0 > status` switches all of them off. */
  readonly enabled: boolean;
  readonly entries: readonly BinfmtEntry[];
}

const binfmtDirectory = '/proc/sys/fs/binfmt_misc';

/** Class, byte order and machine of an ELF header (elf.h). Names as in platforms. */
const elfMachines: Readonly<
  Record<string, readonly [bits: 32 | 64, order: 'little' | 'big', machine: number]>
> = {
  '386': [32, 'little', 3],
  amd64: [64, 'little', 62],
  arm: [32, 'little', 40],
  arm64: [64, 'little', 183],
  loong64: [64, 'little', 258],
  mips: [32, 'big', 8],
  mipsle: [32, 'little', 8],
  mips64: [64, 'big', 8],
  mips64le: [64, 'little', 8],
  ppc64: [64, 'big', 21],
  ppc64le: [64, 'little', 21],
  riscv64: [64, 'little', 243],
  s390x: [64, 'big', 22],
};

export class Emulation {
  readonly #host: Platform;
  readonly #read: () => Promise<EmulatorList | undefined>;
  #list: Promise<EmulatorList | undefined> | undefined;

  /** `read` gives undefined where the kernel's list cannot be seen. */
  constructor(host: Platform = hostPlatform(), read = () => readEmulators(binfmtDirectory)) {
    this.#host = host;
    this.#read = read;
  }

  isForeign(platform: Platform): boolean {
    const {os, architecture} = this.#host;
    if (platform.os === os && platform.architecture === architecture) return false;
    return platformRank(this.#host, platform) === undefined;
  }

  /**
   * Why nothing for `platform` can run. Undefined when it can, and also when there is no telling: in a container the
   * list usually cannot be seen, though the kernel's emulators work there.
   */
  async problemOf(platform: Platform): Promise<NotRunnable | undefined> {
    const found = await this.#look(platform);
    return found === 'unseen' ? undefined : found;
  }

  /** The same for a program that the kernel did not start. */
  async problemAfterFailure(platform: Platform): Promise<NotRunnable | undefined> {
    const found = await this.#look(platform);
    if (found !== 'unseen') return found;
    const reason = `whether an emulator is registered cannot be seen, for binfmt_misc is not mounted at ${binfmtDirectory}`;
    const mount = `to see the list: mount -t binfmt_misc binfmt_misc ${binfmtDirectory}`;
    return problem(platform, reason, [mount, ...waysToInstall(platform)]);
  }

  async #look(platform: Platform): Promise<NotRunnable | 'unseen' | undefined> {
    if (!this.isForeign(platform)) return undefined;
    const header = platform.os === this.#host.os ? elfHeaderOf(platform.architecture) : undefined;
    if (header === undefined) {
      const reason =
        platform.os === this.#host.os ? 'there is no such machine' : 'it runs those of Linux only';
      return problem(platform, reason, []);
    }
    this.#list ??= this.#read();
    const list = await this.#list;
    if (list === undefined) return 'unseen';
    return problemIn(list, platform, header);
  }
}

function problemIn(list: EmulatorList, platform: Platform, header: Uint8Array): NotRunnable | undefined {
  const takers = list.entries.filter((entry) => takes(entry, header));
  const usable = takers.filter(({flags}) => flags.includes('F'));
  const [taker] = takers;
  if (taker === undefined) {
    return problem(platform, 'no emulator is registered with the kernel', waysToInstall(platform));
  }
  if (!list.enabled) {
    const hints = [`switch them on: echo 1 > ${binfmtDirectory}/status`];
    return problem(platform, 'the emulators of the kernel are switched off', hints);
  }
  const [first] = usable;
  if (first === undefined) {
    return problem(platform, `the emulator ${taker.name} is registered without the flag F`, [
      `without it the kernel looks for ${taker.interpreter} inside the image`,
      ...waysToInstall(platform),
    ]);
  }
  if (usable.some(({enabled}) => enabled)) return undefined;
  const hints = [`switch it on: echo 1 > ${binfmtDirectory}/${first.name}`];
  return problem(platform, `the emulator ${first.name} is switched off`, hints);
}

function problem(platform: Platform, reason: string, hints: readonly string[]): NotRunnable {
  return {
    message: `programs for ${formatPlatform(platform)} cannot run on this machine: ${reason}`,
    hints: [
      ...hints,
      'or do the work in a stage FROM --platform=$BUILDPLATFORM and COPY the result: only RUN needs an emulator',
    ],
  };
}

function waysToInstall({architecture}: Platform): readonly string[] {
  return [
    'on Debian and Ubuntu: apt install qemu-user-static binfmt-support',
    `with docker: docker run --privileged --rm tonistiigi/binfmt --install ${architecture}`,
  ];
}

/** The beginning of a program for that machine; undefined for one that nobody has heard of. */
function elfHeaderOf(architecture: string): Uint8Array | undefined {
  const machine = Object.hasOwn(elfMachines, architecture) ? elfMachines[architecture] : undefined;
  if (machine === undefined) return undefined;
  const [bits, order, number] = machine;
  const little = order === 'little';
  const header = new DataView(new ArrayBuffer(64));
  header.setUint32(0, 0x7f454c46);
  header.setUint8(4, bits === 64 ? 2 : 1);
  header.setUint8(5, little ? 1 : 2);
  header.setUint8(6, 1);
  const executable = 2;
  header.setUint16(16, executable, little);
  header.setUint16(18, number, little);
  header.setUint32(20, 1, little);
  return new Uint8Array(header.buffer);
}

/** fs/binfmt_misc.c, search_binfmt_handler. */
function takes({offset, magic, mask}: BinfmtEntry, header: Uint8Array): boolean {
  return magic.every((byte, index) => {
    const difference = byte ^ (header[offset + index] ?? 0);
    return (difference & (mask?.[index] ?? 0xff)) === 0;
  });
}

/** Undefined where binfmt_misc is not mounted. */
async function readEmulators(directory: string): Promise<EmulatorList | undefined> {
  try {
    const status = await readFile(join(directory, 'status'), 'utf8');
    const names = (await readdir(directory)).filter((name) => name !== 'status' && name !== 'register');
    const entries = await Promise.all(
      names.map(async (name) => parseEntry(name, await readFile(join(directory, name), 'utf8'))),
    );
    return {enabled: status.trim() === 'enabled', entries: entries.filter((entry) => entry !== undefined)};
  } catch {
    return undefined;
  }
}

/** One entry as the kernel prints it; undefined when it goes by the name of a file and not by its bytes. */
export function parseEntry(name: string, text: string): BinfmtEntry | undefined {
  const [state, ...lines] = text.split('\n');
  const values = new Map(
    lines.map((line): [string, string] => {
      const [key = '', ...rest] = line.split(' ');
      return [key.replace(/:$/, ''), rest.join(' ').trim()];
    }),
  );
  const magic = values.get('magic');
  if (magic === undefined || magic === '') return undefined;
  const mask = values.get('mask');
  return {
    name,
    enabled: state === 'enabled',
    interpreter: values.get('interpreter') ?? '',
    flags: values.get('flags') ?? '',
    offset: Number(values.get('offset') ?? 0),
    magic: Buffer.from(magic, 'hex'),
    mask: mask === undefined ? undefined : Buffer.from(mask, 'hex'),
  };
}
