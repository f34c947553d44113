// Random Dockerfiles with a context, and random edits of them, from a seed: the same seed gives the same project.

import {member} from '../../support/tar-bytes.ts';
import type {Random} from './random.ts';
import {instruction, word} from './random-instruction.ts';

export type Entry = {readonly text: string; readonly mode?: number} | {readonly link: string};

export interface Project {
  /** Stages from the first to the target; each a list of instructions, of which the first is FROM. */
  readonly stages: readonly (readonly string[])[];
  readonly files: Readonly<Record<string, Entry>>;
  readonly ignored: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Further arguments of the command; CONTEXT in them is the directory of the context. */
  readonly flags?: readonly string[];
  /** SOURCE_DATE_EPOCH. */
  readonly epoch?: number;
}

/** What is done to the files besides: their times move, they are written once more, each has another name elsewhere. */
export type Disturbance = 'touched' | 'rewritten' | 'linked';

export interface Edited {
  readonly project: Project;
  readonly what: string;
  /** The image has to be the one from before. */
  readonly isSame: boolean;
  readonly disturbance?: Disturbance;
}

/** A name that is among them is there from the beginning; the others may come. */
const names = ['a', 'b', 'd/a', 'd/b', 'd/e/c', 'x.log'];
const laterNames = [...names, 'd/new', 'd/e/f', 'l1', 'l2', 'c'];

export function archiveOf(text: string): string {
  const members = [
    member({name: 'in/', type: '5', mode: '0000755\0'}),
    member({name: `in/${text || 'empty'}`}, text),
    member({name: 'in/link', type: '2', link: text || 'x'}),
    Buffer.alloc(1024),
  ];
  return Buffer.concat(members).toString('latin1');
}

/** A file that may do without root what these permitted capabilities say, in hexadecimal; '': nothing. */
export function archiveWithCapability(permitted: string): string {
  // struct vfs_cap_data of revision 2.
  const value = Buffer.from(`01000002${permitted.padEnd(8, '0')}${'0'.repeat(24)}`, 'hex');
  const record = Buffer.concat([Buffer.from(' SCHILY.xattr.security.capability='), value, Buffer.from('\n')]);
  const length = record.length + String(record.length + 2).length;
  const records = Buffer.concat([Buffer.from(String(length)), record]);
  const members = [
    ...(permitted === '' ? [] : [member({name: 'pax', type: 'x'}, records)]),
    // No file of the context is equal: it would be found by its content, with this one's time.
    member({name: 'a'}, 'capable'),
    Buffer.alloc(1024),
  ];
  return Buffer.concat(members).toString('latin1');
}

function fileOf(random: Random): Entry {
  return {text: word(random), mode: random.pick([0o644, 0o644, 0o600, 0o755, 0o4755])};
}

function entry(random: Random): Entry {
  if (random.isOneIn(6)) return {link: random.pick(['a', 'b', 'd', '../a', '/o', 'nowhere'])};
  return fileOf(random);
}

function stageOf(random: Random, index: number): string[] {
  const own = index > 0 && random.below(2) === 0 ? `s${random.below(index)}` : 'busybox';
  const count = 1 + random.below(4);
  return [`FROM ${own} AS s${index}`, ...Array.from({length: count}, () => instruction(random, index))];
}

export function randomProject(random: Random): Project {
  const stages = Array.from({length: 1 + random.below(3)}, (_, index) => stageOf(random, index));
  const files: Record<string, Entry> = {'x.tar': {text: archiveOf('')}};
  for (const name of names) files[name] = fileOf(random);
  if (random.isOneIn(2)) files['l1'] = entry(random);
  const project = {stages, files, ignored: ['*.log', 'Dockerfile', '.dockerignore']};
  return {
    ...project,
    buildArgs: random.isOneIn(3) ? {A: word(random)} : {},
    ...(random.isOneIn(8) && stages.length === 1 ? {epoch: 1_500_000_000 + random.below(3)} : {}),
  };
}

export function randomEdit(random: Random, project: Project): Edited {
  const pick = random.below(10);
  if (pick < 2) return sameEdit(random, project);
  if (pick < 5) return {...editOfLines(random, project), isSame: false};
  return {...editOfFiles(random, project), isSame: false};
}

/** What no image may show. */
function sameEdit(random: Random, project: Project): Edited {
  if (random.below(4) > 0) {
    const disturbance = random.pick<Disturbance>(['touched', 'rewritten', 'linked']);
    return {project, isSame: true, disturbance, what: `files are ${disturbance}`};
  }
  const stage = random.below(project.stages.length);
  const changed = random.pick<(line: string) => string>([
    (line) => `# a comment\n\n${line}`,
    (line) => line.replace(/^[A-Z]+ /, (keyword) => keyword.toLowerCase()),
  ]);
  const stages = project.stages.map((lines, index) => (index === stage ? lines.map(changed) : lines));
  return {project: {...project, stages}, what: `s${stage} is written otherwise`, isSame: true};
}

type Change = Pick<Edited, 'project' | 'what'>;

function editOfLines(random: Random, project: Project): Change {
  const stage = random.below(project.stages.length);
  const lines = project.stages[stage] ?? [];
  const withLines = (changed: readonly string[], what: string): Change => ({
    project: {
      ...project,
      stages: project.stages.map((each, index) => (index === stage ? changed : each)),
    },
    what: `s${stage} ${what}`,
  });
  const at = 1 + random.below(Math.max(1, lines.length - 1));
  switch (random.below(7)) {
    case 0:
    case 1: {
      const line = instruction(random, stage);
      return withLines(lines.with(at, line), `line ${at} becomes ${line}`);
    }
    case 2:
    case 3: {
      const line = instruction(random, stage);
      return withLines(lines.toSpliced(at, 0, line), `gets ${line} at ${at}`);
    }
    case 4: {
      const [one, other] = [lines[at], lines[at + 1]];
      if (one === undefined || other === undefined) return {project, what: 'nothing'};
      return withLines(lines.with(at, other).with(at + 1, one), `lines ${at} and ${at + 1} change places`);
    }
    case 5: {
      const own = stage > 0 && random.isOneIn(2) ? `s${random.below(stage)}` : 'busybox';
      return withLines(lines.with(0, `FROM ${own} AS s${stage}`), `begins with ${own}`);
    }
    default:
      if (lines.length < 3) return {project, what: 'nothing'};
      return withLines(lines.toSpliced(at, 1), `loses line ${at}`);
  }
}

/** Mostly one that an instruction names as it is: what others reach is found by many an edit, this one by few. */
function nameOf(random: Random, {stages}: Project): string {
  const words = new Set(stages.flat().flatMap((line) => line.split(/[\s,=]+/)));
  const named = laterNames.filter((name) => words.has(name));
  return named.length > 0 && random.below(3) > 0 ? random.pick(named) : random.pick(laterNames);
}

/** Never what is there already. */
function otherThan(found: Entry | undefined, made: Entry): Entry {
  const isSame = JSON.stringify(found) === JSON.stringify(made);
  return isSame && 'text' in made ? {...made, text: `${made.text}s`} : made;
}

function editOfFiles(random: Random, project: Project): Change {
  const {files} = project;
  const name = nameOf(random, project);
  const withFiles = (changed: Project['files'], what: string): Change => ({
    project: {...project, files: changed},
    what,
  });
  switch (random.below(18)) {
    case 10:
    case 11: {
      const found = files[name];
      const mode = random.pick([0o600, 0o644, 0o755, 0o4755]);
      if (found === undefined || !('text' in found)) return {project, what: 'nothing'};
      return withFiles({...files, [name]: {...found, mode}}, `${name} has mode ${mode.toString(8)}`);
    }
    case 0:
    case 1: {
      const buildArgs = {...project.buildArgs, [random.pick(['A', 'B'])]: word(random)};
      return {project: {...project, buildArgs}, what: `build arguments ${JSON.stringify(buildArgs)}`};
    }
    case 2: {
      const {[name]: gone, ...others} = files;
      if (gone === undefined || names.slice(0, 5).includes(name)) return {project, what: 'nothing'};
      return withFiles(others, `${name} is gone`);
    }
    case 3: {
      const [from, to] = [random.pick(names), name];
      const {[from]: moved, ...others} = files;
      if (moved === undefined || from === to) return {project, what: 'nothing'};
      return withFiles({...others, [to]: moved}, `${from} becomes ${to}`);
    }
    case 4: {
      const line = random.pick(['d/e', '!x.log', 'b', '**/a', '!d/a', 'l*', '# nothing']);
      const isThere = project.ignored.includes(line);
      const ignored = isThere ? project.ignored.filter((each) => each !== line) : [...project.ignored, line];
      return {project: {...project, ignored}, what: `ignored: ${ignored}`};
    }
    case 5: {
      const text = word(random);
      return withFiles({...files, 'x.tar': {text: archiveOf(text)}}, `x.tar has ${text}`);
    }
    case 6: {
      if (project.stages.length > 1) return {project, what: 'nothing'};
      const epoch = 1_500_000_000 + random.below(3);
      return {project: {...project, epoch}, what: `SOURCE_DATE_EPOCH=${epoch}`};
    }
    default: {
      const made = otherThan(files[name], entry(random));
      return withFiles({...files, [name]: made}, `${name} is ${JSON.stringify(made)}`);
    }
  }
}

export function dockerfileOf({stages}: Project): string {
  return `${stages.flat().join('\n')}\n`;
}
