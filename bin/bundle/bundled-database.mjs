// Puts the JavaScript of libsql into the bundle. By itself it finds out which C library the machine has by asking
// Node for a diagnostic report, which costs more than opening the database; here it looks for the loader of musl.

import {readFileSync} from 'node:fs';

const replacements = [
  {
    file: /\/src\/store\/database\.ts$/,
    text: "createRequire(import.meta.url)('libsql')",
    by: "require('libsql')",
  },
  {
    file: /\/node_modules\/libsql\/index\.js$/,
    text: '} = requireNative();',
    by: "} = require('libsql-native');",
  },
];

const nativePart = `
const {existsSync} = require('node:fs');
const machine = {x64: 'x86_64', arm64: 'aarch64'}[process.arch];
const musl = existsSync('/lib/ld-musl-' + machine + '.so.1') && !existsSync('/lib64/ld-linux-x86-64.so.2');
const name = '@libsql/linux-' + process.arch + (musl && machine !== undefined ? '-musl' : '-gnu');
let native;
try {
  native = require(name);
} catch {
  // Installers that do not hoist put it beside libsql, and other machines have other names: it knows both.
  const near = require('node:module').createRequire(require.resolve('libsql'));
  near('libsql');
  native = near('@libsql/' + near('@neon-rs/load').currentTarget());
}
module.exports = native;
`;

export const bundledDatabase = {
  name: 'bundled-database',
  setup(builder) {
    for (const {file, text, by} of replacements) {
      builder.onLoad({filter: file}, ({path}) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes(text)) throw new Error(`${path} has no ${text}: mend ${import.meta.url}`);
        return {contents: source.replace(text, by), loader: path.endsWith('.ts') ? 'ts' : 'js'};
      });
    }
    builder.onResolve({filter: /^libsql-native$/}, () => ({path: 'libsql-native', namespace: 'native'}));
    builder.onLoad({filter: /.*/, namespace: 'native'}, () => ({
      contents: nativePart,
      // It is not loaded from a directory of its own; Node resolves its names from dist/.
      loader: 'js',
    }));
    // What the function asked for that is not called any more.
    builder.onResolve({filter: /^(@neon-rs\/load|detect-libc)$/}, ({namespace}) =>
      namespace === 'native' ? {external: true} : {path: 'nothing', namespace: 'nothing'},
    );
    builder.onLoad({filter: /.*/, namespace: 'nothing'}, () => ({
      contents: 'module.exports = {};',
      loader: 'js',
    }));
  },
};
