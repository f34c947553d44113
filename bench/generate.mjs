// Inputs of the workloads, from a seed: the same seed gives the same bytes on every machine.
//
// Distributions are ours, chosen to look like source trees and built layers, not taken from a survey: file sizes are
// log-uniform between two bounds, text is words of a fixed vocabulary (gzip halves it or better), and one quarter of a
// large layer is incompressible.

import {closeSync, mkdirSync, openSync, writeFileSync, writeSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** mulberry32: 32 bits of state, good enough for filler, fast enough for gigabytes when used by blocks. */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const syllables = [
  'ba',
  'con',
  'der',
  'el',
  'fi',
  'gra',
  'hub',
  'in',
  'jo',
  'ker',
  'lo',
  'mi',
  'nex',
  'or',
  'pa',
  'qui',
];

function vocabulary(random, size) {
  const word = () =>
    Array.from({length: 1 + Math.floor(random() * 4)}, () => syllables[Math.floor(random() * 16)]).join('');
  return Array.from({length: size}, word);
}

/** A source tree: `count` files of `bytesMin` to `bytesMax` bytes, about 25 to a folder. Gives their relative paths. */
export function makeTree(folder, {count, bytesMin, bytesMax, seed}) {
  const random = randomNumbers(seed);
  const words = vocabulary(random, 500);
  // One long text; files are slices of it with a line of their own on top, so no two are equal.
  const text = Array.from({length: 20_000}, () => words[Math.floor(random() * words.length)]).join(' ');
  const paths = [];
  for (let index = 0; index < count; index++) {
    const group = Math.floor(index / 25);
    const path = join(
      `part-${Math.floor(group / 40)}`,
      `module-${group}`,
      `${words[index % 500]}-${index}.ts`,
    );
    const size = Math.round(bytesMin * (bytesMax / bytesMin) ** random());
    const start = Math.floor(random() * (text.length - bytesMax));
    if (index % 25 === 0) mkdirSync(join(folder, dirname(path)), {recursive: true});
    writeFileSync(join(folder, path), `// ${seed} ${index}\n${text.slice(start, start + size)}`);
    paths.push(path);
  }
  return paths;
}

/** One file of `bytes` bytes: mebibytes of text with every fourth one incompressible. */
export function makeLargeFile(path, bytes, seed) {
  const random = randomNumbers(seed);
  const mebibyte = 1 << 20;
  const words = vocabulary(random, 4000);
  const texts = Array.from({length: 8}, () => {
    let text = '';
    while (text.length < mebibyte) text += `${words[Math.floor(random() * words.length)]} `;
    return Buffer.from(text.slice(0, mebibyte));
  });
  const file = openSync(path, 'w');
  for (let written = 0, block = 0; written < bytes; block++) {
    const chunk = block % 4 === 3 ? noise(random, mebibyte) : Buffer.from(texts[block % texts.length]);
    // No two blocks are equal, or a clever engine would be measured on something else.
    chunk.write(`${seed}-${block}`);
    written += writeSync(file, chunk, 0, Math.min(mebibyte, bytes - written));
  }
  closeSync(file);
}

function noise(random, size) {
  const words = new Uint32Array(size / 4);
  for (let index = 0; index < words.length; index++) words[index] = random() * 2 ** 32;
  return Buffer.from(words.buffer);
}
