// The databases of dpkg and apk: paragraphs of fields, an empty line between two packages.

import type {FoundPackage} from './found-package.ts';

/** `/var/lib/dpkg/status`, or a file of distroless' status.d. What is removed but not purged is not there. */
export function dpkgPackages(text: string, path: string): FoundPackage[] {
  return paragraphs(text, /^([A-Za-z-]+):[ \t]*(.*)$/).flatMap((fields) => {
    const [name, version, status] = [fields.get('Package'), fields.get('Version'), fields.get('Status')];
    if (name === undefined || version === undefined) return [];
    if (status !== undefined && !/ (?:installed|triggers-(?:awaited|pending))$/.test(status)) return [];
    const architecture = fields.get('Architecture');
    return {type: 'deb', name, version, path, ...(architecture === undefined ? {} : {architecture})};
  });
}

/** `/lib/apk/db/installed`. */
export function apkPackages(text: string, path: string): FoundPackage[] {
  return paragraphs(text, /^([A-Za-z]):(.*)$/).flatMap((fields) => {
    const [name, version] = [fields.get('P'), fields.get('V')];
    if (name === undefined || version === undefined) return [];
    const [architecture, license] = [fields.get('A'), fields.get('L')];
    return {
      type: 'apk',
      name,
      version,
      path,
      ...(architecture === undefined ? {} : {architecture}),
      ...(license === undefined ? {} : {license}),
    };
  });
}

/** `ID` and `VERSION_ID` of os-release. */
export function distributionOf(osRelease: string): {readonly id?: string; readonly version?: string} {
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}=(["']?)(.*)\\1[ \\t]*$`, 'm').exec(osRelease)?.[2];
  const [id, version] = [value('ID'), value('VERSION_ID')];
  return {...(id === undefined ? {} : {id}), ...(version === undefined ? {} : {version})};
}

/** The first line of each field; of a field that is given twice the first. */
function paragraphs(text: string, field: RegExp): ReadonlyMap<string, string>[] {
  return text.split(/\r?\n(?:[ \t]*\r?\n)+/).map((paragraph) => {
    const fields = new Map<string, string>();
    for (const line of paragraph.split(/\r?\n/)) {
      const [, key, value] = field.exec(line) ?? [];
      if (key !== undefined && value !== undefined && !fields.has(key)) fields.set(key, value.trim());
    }
    return fields;
  });
}
