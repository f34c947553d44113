// In what one input of a step differs from that of a record: files by name, images by digest, steps by their line.

import type {MissReason} from '../progress/events.ts';
import type {KeyIngredients, MissedStep} from '../solver/result-cache.ts';
import {compareFileLists} from '../tree/file-list.ts';

export type FilesOf = (contentDigest: string) => Uint8Array | undefined;

const namedMax = 3;

/** Undefined when that input is equal. */
export function inputDifference(
  missed: MissedStep,
  index: number,
  known: KeyIngredients,
  filesOf: FilesOf,
): MissReason | undefined {
  const [was, is] = [known.inputs[index], missed.ingredients.inputs[index]];
  const input = missed.inputs[index];
  if (was === is || input === undefined) return undefined;
  if (input.byContent) return {code: 'files', text: filesText(was ?? '', is ?? '', filesOf)};
  if (input.hasRun) return {code: 'input', text: `input step missed (${placeOf(input)})`};
  const [before, now] = [imageOf(known.from[index]), imageOf(input.name)];
  if (now !== undefined) return {code: 'base', text: baseText(before, now)};
  const name = known.from[index];
  const text =
    name === undefined || titleOf(name) === titleOf(input.name)
      ? `stands on another result of ${placeOf(input)}`
      : `stands on ${placeOf(input)}, before on ${titleOf(name)}`;
  return {code: 'input', text};
}

/** `part`: a digest for each copy of the step. */
function filesText(was: string, is: string, filesOf: FilesOf): string {
  const [old, now] = [was.split(' '), is.split(' ')];
  const phrases: string[] = [];
  let files = 0;
  for (const [index, digest] of now.entries()) {
    const before = filesOf(old[index] ?? '');
    const after = filesOf(digest);
    if (before === undefined || after === undefined) continue;
    const difference = compareFileLists(before, after);
    files += difference.files;
    for (const phrase of difference.phrases) phrases.push(phrase);
  }
  if (phrases.length === 0) return 'its files changed';
  const named = phrases.slice(0, namedMax).join(', ');
  const more = phrases.length > namedMax ? `, ${grouped(phrases.length - namedMax)} more` : '';
  return `${named}${more} (${grouped(phrases.length)} of ${grouped(files)} ${files === 1 ? 'file' : 'files'})`;
}

interface NamedImage {
  readonly name: string;
  readonly digest: string;
}

/** Of `[stage 1/3] FROM docker.io/library/debian:12@sha256:…`. */
function imageOf(name: string | undefined): NamedImage | undefined {
  const match = /\] (?:FROM )?(\S+)@(sha256:[0-9a-f]{64})$/.exec(name ?? '');
  return match === null ? undefined : {name: shortName(match[1] ?? ''), digest: match[2] ?? ''};
}

function shortName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, '');
}

function baseText(before: NamedImage | undefined, now: NamedImage): string {
  if (before === undefined) return `base image is ${now.name} now`;
  if (before.name !== now.name) return `base image ${before.name} → ${now.name}`;
  return `base image ${now.name} moved ${shortDigest(before)} → ${shortDigest(now)}`;
}

function shortDigest({digest}: NamedImage): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}

function placeOf({name, line}: {readonly name: string; readonly line?: number}): string {
  const title = titleOf(name);
  return line === undefined ? title : `${title.slice(0, title.indexOf(' '))} at line ${line}`;
}

function titleOf(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** `1,234`. Not by toLocaleString: what Node needs for languages takes 40 ms to set up. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
