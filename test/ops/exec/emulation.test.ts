import {describe, expect, it} from 'vitest';
import {type Platform, parsePlatform} from '../../../src/oci/platform.ts';
import {Emulation, type EmulatorList, parseEntry} from '../../../src/ops/exec/emulation.ts';

const amd64: Platform = {os: 'linux', architecture: 'amd64'};

function platform(text: string): Platform {
  const parsed = parsePlatform(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

/** As the kernel prints an entry. */
function entryText(magic: string, more: {state?: string; flags?: string; mask?: string} = {}): string {
  const {state = 'enabled', flags = 'OCF', mask = `${'ff'.repeat(7)}00${'ff'.repeat(8)}feffffff`} = more;
  return `${state}\ninterpreter /usr/bin/qemu-x\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ${mask}\n`;
}

const riscv64 = '7f454c460201010000000000000000000200f300';
const s390x = '7f454c4602020100000000000000000000020016';
const bigEndianMask = `${'ff'.repeat(7)}00${'ff'.repeat(9)}feffff`;

function listOf(texts: Readonly<Record<string, string>>, enabled = true): EmulatorList {
  const entries = Object.entries(texts).flatMap(([name, text]) => parseEntry(name, text) ?? []);
  return {enabled, entries};
}

function emulation(list: EmulatorList | undefined, host = amd64): Emulation {
  return new Emulation(host, async () => list);
}

async function saidOf(list: EmulatorList | undefined, text: string): Promise<string | undefined> {
  return (await emulation(list).problemOf(platform(text)))?.message;
}

describe('programs that the machine runs itself', () => {
  it.each([
    ['amd64', 'linux/amd64'],
    ['amd64', 'linux/amd64/v4'],
    ['amd64', 'linux/386'],
    ['arm64', 'linux/arm64'],
    ['arm64', 'linux/arm/v7'],
    ['arm64', 'linux/arm/v6'],
    ['arm/v7', 'linux/arm/v6'],
  ])('on %s include those for %s, and nobody is asked', async (host, text) => {
    const machine = new Emulation(platform(`linux/${host}`), async () => {
      throw new Error('asked');
    });
    expect(await machine.problemOf(platform(text))).toBeUndefined();
    expect(machine.isForeign(platform(text))).toBe(false);
  });
});

describe('programs for another machine', () => {
  const qemu = listOf({'qemu-riscv64': entryText(riscv64)});

  it('run with an emulator that takes their first bytes, whatever it is called', async () => {
    expect(await saidOf(qemu, 'linux/riscv64')).toBeUndefined();
    expect(await saidOf(listOf({x: entryText(s390x, {mask: bigEndianMask})}), 'linux/s390x')).toBeUndefined();
  });

  it('do not run without one, and it is told how to get it', async () => {
    const problem = await emulation(qemu).problemOf(platform('linux/s390x'));
    expect(problem?.message).toBe(
      'programs for linux/s390x cannot run on this machine: no emulator is registered with the kernel',
    );
    expect(problem?.hints.join('\n')).toMatch(/apt install qemu-user-static binfmt-support/);
    expect(problem?.hints.join('\n')).toMatch(
      /docker run --privileged --rm tonistiigi\/binfmt --install s390x/,
    );
  });

  it('do not run with an emulator that is looked for inside the image', async () => {
    const problem = await emulation(listOf({q: entryText(riscv64, {flags: 'OC'})})).problemOf(
      platform('linux/riscv64'),
    );
    expect(problem?.message).toMatch(/the emulator q is registered without the flag F/);
    expect(problem?.hints[0]).toMatch(/looks for \/usr\/bin\/qemu-x inside the image/);
  });

  it('do not run with an emulator that is switched off', async () => {
    const off = listOf({q: entryText(riscv64, {state: 'disabled'})});
    expect(await saidOf(off, 'linux/riscv64')).toMatch(/the emulator q is switched off/);
    const allOff = listOf({q: entryText(riscv64)}, false);
    expect(await saidOf(allOff, 'linux/riscv64')).toMatch(/the emulators of the kernel are switched off/);
  });

  it('are tried where the list cannot be seen, and only a failure says so', async () => {
    expect(await saidOf(undefined, 'linux/riscv64')).toBeUndefined();
    const after = await emulation(undefined).problemAfterFailure(platform('linux/riscv64'));
    expect(after?.message).toMatch(/binfmt_misc is not mounted at \/proc\/sys\/fs\/binfmt_misc/);
    expect(await emulation(qemu).problemAfterFailure(platform('linux/riscv64'))).toBeUndefined();
  });

  it('of another system never run', async () => {
    expect(await saidOf(qemu, 'windows/amd64')).toMatch(
      /windows\/amd64 cannot run .*: it runs those of Linux only/,
    );
    expect(await saidOf(qemu, 'linux/vax')).toMatch(/linux\/vax cannot run .*: there is no such machine/);
  });
});

describe('the list of the kernel', () => {
  it('is read once, however many ask', async () => {
    let reads = 0;
    const machine = new Emulation(amd64, async () => {
      reads++;
      return listOf({});
    });
    await Promise.all([
      machine.problemOf(platform('linux/arm64')),
      machine.problemOf(platform('linux/s390x')),
    ]);
    expect(reads).toBe(1);
  });

  it('has entries that go by the end of a name, which are no emulators', () => {
    expect(
      parseEntry('jar', 'enabled\ninterpreter /usr/bin/java\nflags: \nextension .jar\n'),
    ).toBeUndefined();
  });

  it('has entries without a mask, of which every bit counts', async () => {
    const text = `enabled\ninterpreter /q\nflags: F\noffset 0\nmagic ${riscv64}\n`;
    expect(await saidOf(listOf({q: text}), 'linux/riscv64')).toBeUndefined();
    expect(await saidOf(listOf({q: text}), 'linux/arm64')).toMatch(/no emulator/);
  });
});
