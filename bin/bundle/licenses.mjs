// The licenses of the packages whose code is in the bundle, for the licenses ask to travel with it.

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

export function licensesOf(root, inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match !== null) packages.add(match[1]);
  }
  return [...packages]
    .sort()
    .map((path) => entryOf(join(root, path)))
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function entryOf(directory) {
  const {name, version, license} = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry));
  const text =
    file !== undefined && existsSync(join(directory, file))
      ? readFileSync(join(directory, file), 'utf8')
      : '';
  return `${name} ${version} (${license ?? 'see below'})\n\n${text.trim()}\n`;
}
