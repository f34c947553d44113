// A round of the search, from its seed: a random project and edits of it, one after the other. In each round two of the
// ingredients of aims.ts stand in the project or, in every other one, alone; then the edits are all values of both, one
// after the other. So within sixty rounds all values of each have met in one cache.

import {type Aim, common, type Laid} from './aim.ts';
import {aims} from './aims.ts';
import {Random} from './random.ts';
import {type Edited, type Project, randomEdit, randomProject} from './random-project.ts';

const editsAround = 3;

/** `kept`: one state directory for all; `shared`: a new machine for each build, and a cache that they share; `pruned`:
 * things go from the cache between builds, and stages run again although they would be found. */
export type Kind = 'kept' | 'shared' | 'pruned';

export interface Round {
  readonly seed: number;
  readonly kind: Kind;
  readonly edits: readonly Step[];
}

export interface Step extends Edited {
  /** `NAME: VALUE` of each ingredient that is aimed at. */
  readonly values: readonly string[];
}

/** AIM=NAME takes that one in all rounds. */
const wanted = process.env['AIM'];
const names = Object.keys(aims);
const sociable = names.filter((name) => aims[name]?.isByItself !== true);

interface Aimed {
  readonly name: string;
  readonly aim: Aim;
  readonly seed: number;
  /** Number of its value. */
  readonly at: number;
}

export function roundOf(seed: number, kind: Kind): Round {
  const random = new Random(seed);
  const whole = randomProject(random);
  const aimed = namesOf(seed);
  let targets = aimed.flatMap((name, at) => aimedAt(name, seed + at, random));
  const isAlone = seed % 2 === 1 || targets.some(({aim}) => aim.isByItself);
  let project: Project = isAlone ? {...whole, stages: [], buildArgs: {}} : whole;
  const edits: Step[] = [];
  const add = (edit: Edited): void => {
    const values = targets.map((target) => `${target.name}: ${valueNow(target)}`);
    const what = edit.what === '' ? values.join('; ') : edit.what;
    edits.push({...edit, project: withAims(edit.project, targets), what, values});
  };
  add({project, what: 'the beginning', isSame: false});
  const changes = Math.max(...targets.map(({aim}) => aim.values.length)) - 1;
  const touchedAt = random.below(2 * changes);
  for (let count = 0; count < (isAlone ? changes : editsAround); count++) {
    if (isAlone && count === touchedAt) add(touched(project, random));
    if (isAlone || random.below(4) > 0) {
      targets = targets.map((target) => ({...target, at: target.at + 1}));
      add({project, what: '', isSame: false});
    } else {
      const edit = randomEdit(random, project);
      project = edit.project;
      add(edit);
    }
  }
  return {seed, kind, edits};
}

/** Each name comes in turn, and most of them twice, beside another one each time. */
export function namesOf(seed: number): readonly string[] {
  const name = wanted ?? names[seed % names.length] ?? '';
  if (aims[name]?.isByItself) return [name];
  const other = sociable[(seed + 7 + 3 * Math.floor(seed / names.length)) % sociable.length] ?? '';
  return other === name ? [name] : [name, other];
}

function aimedAt(name: string, seed: number, random: Random): readonly Aimed[] {
  const aim = aims[name];
  return aim === undefined ? [] : [{name, aim, seed, at: random.below(aim.values.length)}];
}

function valueNow({aim: {values}, at}: Aimed): string {
  return values[at % values.length] ?? '';
}

function touched(project: Project, random: Random): Edited {
  const disturbance = random.pick(['touched', 'rewritten', 'linked'] as const);
  return {project, isSame: true, disturbance, what: `files are ${disturbance}`};
}

function withAims(project: Project, targets: readonly Aimed[]): Project {
  const laid = targets.map((target) => target.aim.lay(valueNow(target), new Random(target.seed)));
  const own = laid.flatMap((each, index) =>
    [...(each.before ?? []), stageOf(each, index)].map((lines) => ownNames(lines, index)),
  );
  const taken = laid.map((_, index) => `COPY --from=aim${index} /q* /q/`);
  const [first = 'FROM scratch', ...others] = project.stages.at(-1) ?? [];
  const epoch = laid.find((each) => each.epoch !== undefined)?.epoch;
  return {
    ...project,
    // What is taken comes first, so that what follows does not hide it.
    stages: [...own, ...project.stages.slice(0, -1), [first, ...taken, ...others]],
    files: {...project.files, ...common, ...Object.assign({}, ...laid.map(({files}) => files))},
    ignored: [...project.ignored, ...laid.flatMap(({ignored = []}) => ignored)],
    flags: laid.flatMap(({flags = []}) => flags),
    ...(epoch === undefined ? {} : {epoch}),
  };
}

function stageOf({from = 'busybox', lines}: Laid, index: number): readonly string[] {
  return [`FROM ${from} AS aim${index}`, ...lines];
}

/** Both may have stages of these names. */
function ownNames(lines: readonly string[], index: number): readonly string[] {
  return lines.map((line) => line.replace(/(?<=( AS |from=|^FROM ))(made|other|nothing)\b/g, `$2${index}`));
}
