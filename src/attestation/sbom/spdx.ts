// A software bill of materials as SPDX 2.3 JSON. The same file system gives the same document, but for the time of its
// making. Licences are told as comments: packages' words for them are mostly no SPDX expressions, and an invalid one
// makes the document invalid.

import {digestOf, hexOf} from '../../oci/digest.ts';
import {packageUrl} from '../../oci/package-url.ts';
import type {FoundPackage} from './found-package.ts';
import type {ScanResult} from './scan.ts';

export const spdxPredicateType = 'https://spdx.dev/Document';

export interface DocumentOptions {
  /** Of the image. */
  readonly name: string;
  readonly createdSeconds: number;
}

const nothing = 'NOASSERTION';
const rootId = 'SPDXRef-image';

export function spdxDocument(scan: ScanResult, {name, createdSeconds}: DocumentOptions): object {
  const packages = scan.packages.map((found) => packageOf(found, scan.distribution));
  const hash = hexOf(digestOf(JSON.stringify([name, packages])));
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `urn:tsbuild:sbom:${hash}`,
    creationInfo: {
      created: new Date(createdSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: ['Tool: tsbuild'],
      ...(scan.omissions.length === 0 ? {} : {comment: scan.omissions.join('; ')}),
    },
    packages: [rootPackage(name), ...packages],
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', rootId),
      ...packages.map(({SPDXID}) => relationship(rootId, 'CONTAINS', SPDXID)),
    ],
  };
}

interface SpdxPackage {
  readonly SPDXID: string;
  readonly [member: string]: unknown;
}

const unanalysed = {
  downloadLocation: nothing,
  filesAnalyzed: false,
  licenseConcluded: nothing,
  licenseDeclared: nothing,
  copyrightText: nothing,
} as const;

function rootPackage(name: string): SpdxPackage {
  return {SPDXID: rootId, name, primaryPackagePurpose: 'CONTAINER', ...unanalysed};
}

function packageOf(found: FoundPackage, distribution: ScanResult['distribution']): SpdxPackage {
  const {type, name, namespace, version, license, path} = found;
  const hash = hexOf(digestOf(JSON.stringify(found))).slice(0, 16);
  const fullName = namespace === undefined ? name : `${namespace}/${name}`;
  return {
    SPDXID: `SPDXRef-${type}-${name.replace(/[^A-Za-z0-9.-]/g, '-')}-${hash}`,
    name: fullName,
    ...(version === '' ? {} : {versionInfo: version}),
    sourceInfo: `told by /${path}`,
    ...(license === undefined ? {} : {licenseComments: `in the words of the package: ${license}`}),
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: urlOf(found, distribution),
      },
    ],
    ...unanalysed,
  };
}

/** Where os-release does not tell. */
const systemNamespaces: Readonly<Partial<Record<FoundPackage['type'], string>>> = {
  deb: 'debian',
  apk: 'alpine',
};

/** System packages are in the namespace of their distribution. */
function urlOf(
  {type, namespace, name, version, architecture, epoch}: FoundPackage,
  {id, version: release}: ScanResult['distribution'],
): string {
  const usual = systemNamespaces[type];
  const isSystem = type === 'rpm' || usual !== undefined;
  const place = isSystem ? (id ?? usual) : namespace;
  const distro = isSystem && id !== undefined && release !== undefined ? `${id}-${release}` : undefined;
  // purl-spec: those of Go are in lower case.
  const spelled = (text: string): string => (type === 'golang' ? text.toLowerCase() : text);
  return packageUrl({
    type,
    name: spelled(name),
    version,
    ...(place === undefined ? {} : {namespace: spelled(place)}),
    qualifiers: {arch: architecture, distro, epoch},
  });
}

function relationship(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): object {
  return {spdxElementId, relationshipType, relatedSpdxElement};
}
