import {describe, expect, it} from 'vitest';
import {goPackages} from '../../../src/attestation/sbom/go-binary.ts';
import {npmPackage, pythonPackage} from '../../../src/attestation/sbom/language-packages.ts';
import {apkPackages, distributionOf, dpkgPackages} from '../../../src/attestation/sbom/system-packages.ts';

describe('dpkg', () => {
  const status = [
    'Package: libfoo1\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0-3+b1\nDescription: short\n Package: no field\n',
    'Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
    'Package: nameless-version\nStatus: install ok installed\n',
  ].join('\n');

  it('lists what is installed', () => {
    expect(dpkgPackages(status, 'var/lib/dpkg/status')).toEqual([
      {
        type: 'deb',
        name: 'libfoo1',
        version: '1:2.0-3+b1',
        architecture: 'amd64',
        path: 'var/lib/dpkg/status',
      },
    ]);
  });

  it.each([
    ['hold ok installed', 1],
    ['install ok triggers-pending', 1],
    ['install ok triggers-awaited', 1],
    ['install ok half-configured', 0],
    ['install ok unpacked', 0],
    ['purge ok not-installed', 0],
  ])('with the status "%s" counts %i packages', (word, count) => {
    expect(dpkgPackages(`Package: a\nStatus: ${word}\nVersion: 1\n`, 'p')).toHaveLength(count);
  });

  it('needs no status in a file of status.d', () => {
    expect(dpkgPackages('Package: base-files\nVersion: 12\n', 's')).toMatchObject([{name: 'base-files'}]);
  });
});

it('apk lists what is installed, with licences', () => {
  expect(apkPackages('C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\nF:lib\n\nP:zlib\nV:1.3\n', 'p')).toEqual([
    {type: 'apk', name: 'musl', version: '1.2.5-r0', architecture: 'x86_64', license: 'MIT', path: 'p'},
    {type: 'apk', name: 'zlib', version: '1.3', path: 'p'},
  ]);
});

it('os-release is read with quotes and without', () => {
  expect(distributionOf('NAME="Debian"\nID=debian\nVERSION_ID="12"\nID_LIKE=x\n')).toEqual({
    id: 'debian',
    version: '12',
  });
  expect(distributionOf('NAME=x\n')).toEqual({});
});

describe('npm', () => {
  it('scopes are namespaces', () => {
    expect(npmPackage('{"name":"@a/b","version":"1.0.0","license":"ISC"}', 'p')).toEqual({
      type: 'npm',
      namespace: '@a',
      name: 'b',
      version: '1.0.0',
      license: 'ISC',
      path: 'p',
    });
  });

  it('licences were objects once', () => {
    const text = '{"name":"a","version":"1","license":{"type":"MIT","url":"x"}}';
    expect(npmPackage(text, 'p')).toMatchObject({license: 'MIT'});
  });

  it.each([['{'], ['null'], ['{"name":"a"}'], ['{"name":"","version":"1"}'], ['{"name":1,"version":"1"}']])(
    '%s is no package',
    (text) => {
      expect(npmPackage(text, 'p')).toBeUndefined();
    },
  );
});

it('Python’s names have one spelling, and what follows the headers is no header', () => {
  const text =
    'Metadata-Version: 2.1\r\nName: Zope.Interface_X\r\nVersion: 6.0\r\n\r\nLicense: of the text\r\n';
  expect(pythonPackage(text, 'p')).toEqual({
    type: 'pypi',
    name: 'zope-interface-x',
    version: '6.0',
    path: 'p',
  });
  expect(pythonPackage('Name: a\n', 'p')).toBeUndefined();
});

describe('a program of Go', () => {
  const modules =
    'path\texample.com/cmd\nmod\texample.com/app\tv1.2.0\th1:x=\n' +
    'dep\texample.com/old\tv1.0.0\n=>\texample.com/fork\tv1.0.1\th1:y=\ndep\tsolo\tv2.0.0\n=>\t./solo\t\n';

  function program(flags: number, before: number, told = modules): Buffer {
    const text = Buffer.concat([Buffer.alloc(16, 'a'), Buffer.from(told), Buffer.alloc(16, 'b')]);
    const header = Buffer.alloc(32);
    header.write('\xff Go buildinf:', 'latin1');
    header.writeUInt8(8, 14);
    header.writeUInt8(flags, 15);
    const length = Buffer.from([(text.length & 0x7f) | 0x80, text.length >> 7]);
    const go = Buffer.from('\x08go1.22.3', 'latin1');
    return Buffer.concat([Buffer.alloc(before, 'x'), header, go, length, text, Buffer.alloc(100)]);
  }

  async function* pieces(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it.each([[7], [64], [100_000]])('tells its modules, read in pieces of %i bytes', async (size) => {
    expect(await goPackages(pieces(program(2, 1600), size), 'bin/app')).toEqual([
      {type: 'golang', name: 'stdlib', version: '1.22.3', path: 'bin/app'},
      {type: 'golang', namespace: 'example.com', name: 'app', version: 'v1.2.0', path: 'bin/app'},
      {type: 'golang', namespace: 'example.com', name: 'fork', version: 'v1.0.1', path: 'bin/app'},
      {type: 'golang', name: 'solo', version: 'v2.0.0', path: 'bin/app'},
    ]);
  });

  it('is found behind the magic text of one that reads programs, and has no version of its own', async () => {
    const quoted = Buffer.alloc(64, 'y');
    quoted.write('\xff Go buildinf:rest of a text', 'latin1');
    const bytes = Buffer.concat([quoted, program(2, 0, 'mod\texample.com/Own\t(devel)\t\n')]);
    // Also where what is read so far ends within the quoted header.
    for (const size of [12, 15, 48]) {
      expect(await goPackages(pieces(bytes, size), 'p')).toMatchObject([
        {name: 'stdlib'},
        {namespace: 'example.com', name: 'Own', version: ''},
      ]);
    }
  });

  it('is none when the magic text is only quoted, or points elsewhere', async () => {
    expect(await goPackages(pieces(program(2, 1601), 512), 'p')).toEqual([]);
    expect(await goPackages(pieces(program(0, 1600), 512), 'p')).toEqual([]);
    expect(await goPackages(pieces(Buffer.alloc(5000), 512), 'p')).toEqual([]);
  });

  it('that is cut off tells nothing', async () => {
    expect(await goPackages(pieces(program(2, 0).subarray(0, 60), 512), 'p')).toMatchObject([
      {name: 'stdlib'},
    ]);
    expect(await goPackages(pieces(program(2, 0).subarray(0, 36), 512), 'p')).toEqual([]);
  });
});
