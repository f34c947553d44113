import {describe, expect, it} from 'vitest';
import {type ScannedFile, scanFiles} from '../../../src/attestation/sbom/scan.ts';
import {spdxDocument} from '../../../src/attestation/sbom/spdx.ts';

function file(path: string, text: string): ScannedFile {
  return {
    path,
    size: Buffer.byteLength(text),
    read: async function* () {
      yield Buffer.from(text);
    },
  };
}

const files = [
  file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
  file(
    'var/lib/dpkg/status',
    'Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\n',
  ),
  file('srv/node_modules/left/package.json', '{"name":"left","version":"1.0.0","license":"(WTFPL or so)"}'),
  file('srv/node_modules/left/lib/package.json', '{"name":"inner","version":"1.0.0"}'),
  file('usr/lib/python3/a-1.dist-info/METADATA', 'Name: a\nVersion: 1\n'),
];

interface Document {
  readonly packages: readonly {readonly SPDXID: string; readonly [key: string]: unknown}[];
  readonly relationships: readonly {readonly [key: string]: string}[];
  readonly creationInfo: {readonly created: string; readonly comment?: string};
  readonly documentNamespace: string;
}

async function document(scanned: readonly ScannedFile[], createdSeconds = 0): Promise<Document> {
  return spdxDocument(await scanFiles(scanned, async () => undefined), {
    name: 'app:1',
    createdSeconds,
  }) as Document;
}

describe('a bill of materials', () => {
  it('names every package by its URL', async () => {
    const {packages} = await document(files);
    const urls = packages.map(
      ({externalRefs}) => (externalRefs as [{referenceLocator: string}] | undefined)?.[0],
    );
    expect(urls.map((url) => url?.referenceLocator)).toEqual([
      undefined,
      'pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12',
      'pkg:npm/left@1.0.0',
      'pkg:pypi/a@1',
    ]);
  });

  it('finds packages wherever installers leave them', async () => {
    const info = (name: string): string => `Name: ${name}\nVersion: 1\n`;
    const manifest = (name: string): string => JSON.stringify({name, version: '1.0.0'});
    const found = await document([
      file('var/lib/dpkg/status.d/tzdata', 'Package: tzdata\nVersion: 2024a\n'),
      file('var/lib/dpkg/status.d/tzdata.md5sums', 'Package: no\nVersion: 1\n'),
      file('lib/apk/db/installed', 'P:musl\nV:1.2\n'),
      file('usr/lib/apk/db/installed', 'P:zlib\nV:1.3\n'),
      file('a/node_modules/@scope/b/package.json', manifest('@scope/b')),
      file('a/node_modules/@scope/b/node_modules/c/package.json', manifest('c')),
      file('a/node_modules/.pnpm/d@1.0.0/node_modules/d/package.json', manifest('d')),
      file('a/package.json', manifest('own')),
      file('p/one.dist-info/METADATA', info('one')),
      file('p/two.egg-info/PKG-INFO', info('two')),
      file('p/three-1-py3.egg-info', info('three')),
      file('p/four-1-py3.egg/EGG-INFO/PKG-INFO', info('four')),
    ]);
    const names = 'musl zlib tzdata c d @scope/b four one three two';
    expect(found.packages.slice(1).map(({name}) => name)).toEqual(names.split(' '));
  });

  it('writes the URLs of Go’s modules in lower case, and a scope as it has to be', () => {
    const go = {
      type: 'golang',
      namespace: 'github.com/BurntSushi',
      name: 'Toml',
      version: '',
      path: 'p',
    } as const;
    const npm = {type: 'npm', namespace: '@scope', name: 'b', version: '1.0.0', path: 'q'} as const;
    const scan = {packages: [go, npm], distribution: {}, omissions: []};
    const text = JSON.stringify(spdxDocument(scan, {name: 'app', createdSeconds: 0}));
    expect(text).toContain('"pkg:golang/github.com/burntsushi/toml"');
    expect(text).toContain('"pkg:npm/%40scope/b@1.0.0"');
    expect(text).toContain('"name":"github.com/BurntSushi/Toml"');
  });

  it('has the members that SPDX 2.3 demands, ids once and in its alphabet, and relations between ids', async () => {
    const {packages, relationships, creationInfo, documentNamespace} = await document(files);
    const ids = packages.map(({SPDXID}) => SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    for (const each of packages) {
      expect(each.SPDXID).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
      for (const member of [
        'name',
        'downloadLocation',
        'licenseConcluded',
        'licenseDeclared',
        'copyrightText',
      ])
        expect(each[member]).toMatch(/./);
    }
    for (const {spdxElementId = '', relatedSpdxElement = ''} of relationships) {
      expect(['SPDXRef-DOCUMENT', ...ids]).toContain(spdxElementId);
      expect(ids).toContain(relatedSpdxElement);
    }
    expect(relationships.filter(({relationshipType}) => relationshipType === 'DESCRIBES')).toHaveLength(1);
    expect(creationInfo.created).toBe('1970-01-01T00:00:00Z');
    expect(documentNamespace).toMatch(/^[a-z]+:[^\s#]+$/);
  });

  it('is the same for the same files, in whatever order, and another for others', async () => {
    expect(await document(files.toReversed())).toEqual(await document(files));
    const fewer = await document(files.slice(1));
    expect(fewer.documentNamespace).not.toBe((await document(files)).documentNamespace);
  });

  it('says what it did not read', async () => {
    const {creationInfo} = await document([file('var/lib/rpm/rpmdb.sqlite', 'x')]);
    expect(creationInfo.comment).toContain('/var/lib/rpm/rpmdb.sqlite are not listed');
    expect((await document(files)).creationInfo.comment).toBeUndefined();
  });
});
