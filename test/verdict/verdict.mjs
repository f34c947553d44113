// What .ci/run makes of failed tests: `files` prints the files to run once more, alone, one to a line; `verdict` prints
// what to say of each failure in view of that second run, and exits with 1 unless each of them passed then.
//   node test/verdict/verdict.mjs files FIRST
//   node test/verdict/verdict.mjs verdict FIRST AGAIN
// FIRST and AGAIN are what failures-reporter.ts wrote; one that does not exist is a run that did not come to its end.

import {existsSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** With more the tree is broken, and no machine is to blame. */
export const filesMax = 6;
/** A failure has up to four lines, and of a log forty may be all that is kept. */
const shownMax = 6;

/** The files that are worth a second run. */
export function filesToRunAgain(first) {
  const files = [...new Set((first ?? []).map(({file}) => file))].filter((file) => file !== '');
  return files.length > filesMax ? [] : files;
}

/** The lines to print, and whether nothing failed that did not pass alone. */
export function verdictOf(first, again) {
  if (first === undefined) return {passed: false, lines: ['the tests did not come to their end']};
  if (first.length === 0) return {passed: false, lines: ['no test failed, yet the tests did']};
  const files = filesToRunAgain(first);
  const known = new Set(first.map(keyOf));
  const judged = [
    ...first.map((failure) => [fateOf(failure, files, again), failure]),
    ...(again ?? []).filter((failure) => !known.has(keyOf(failure))).map((each) => ['failed alone', each]),
  ];
  const lines = judged.slice(0, shownMax).flatMap(([fate, {file, test, error}]) => {
    const place = file === '' ? test : `${file} > ${test}`;
    return [`${fate}: ${place}`, ...error.map((line) => `    ${line}`)];
  });
  if (judged.length > shownMax) lines.push(`and ${judged.length - shownMax} more`);
  return {passed: judged.every(([fate]) => fate === passedAlone), lines};
}

const passedAlone = 'failed beside the others, passed alone';

function fateOf(failure, files, again) {
  if (!files.includes(failure.file) || again === undefined) return 'failed';
  return again.some((other) => keyOf(other) === keyOf(failure)) ? 'failed again' : passedAlone;
}

function keyOf({file, test}) {
  return `${file}\n${test}`;
}

function read(path) {
  return path !== undefined && existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [task, first, again] = process.argv.slice(2);
  const {passed, lines} =
    task === 'files'
      ? {passed: true, lines: filesToRunAgain(read(first))}
      : verdictOf(read(first), read(again));
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = passed ? 0 : 1;
}
