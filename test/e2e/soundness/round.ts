// A round of the search, from its seed: a random project and edits of it, one after the other. In each round two of the
// ingredients of aims.ts stand in the project or, in every other one, alone; the edits mostly change those.

import {type Aim, aims, type Laid} from './aims.ts';
import {Random} from './random.ts';
import {type Edited, type Project, randomEdit, randomProject} from './random-project.ts';

const editsMax = {alone: 5, around: 3};

/** `kept`: one state directory for all; `shared`: a new machine for each build, and a cache that they share; `pruned`:
 * things go from the cache between builds, and stages run again although they would be found. */
export type Kind = 'kept' | 'shared' | 'pruned';

export interface Round {
  readonly seed: number;
  readonly kind: Kind;
  readonly edits: readonly Edited[];
}

/** AIM=NAME takes that one in all rounds. */
const wanted = process.env['AIM'];
const names = Object.keys(aims);

interface Aimed {
  readonly name: string;
  readonly aim: Aim;
  readonly seed: number;
  readonly value: string;
}

export function roundOf(seed: number, kind: Kind): Round {
  const random = new Random(seed);
  const whole = randomProject(random);
  // Each name comes in turn, twice, and beside another one each time.
  const other = seed + 7 + 3 * Math.floor(seed / names.length);
  let targets = [wanted ?? names[seed % names.length], names[other % names.length]].flatMap((name, at) =>
    aimedAt(name ?? '', seed + at, random),
  );
  const isAlone = random.isOneIn(2) || targets.some(({aim}) => aim.isAlone);
  let project: Project = isAlone ? {...whole, stages: [], buildArgs: {}} : whole;
  const edits: Edited[] = [{project: withAims(project, targets), what: 'the beginning', isSame: false}];
  for (let count = 0; count < (isAlone ? editsMax.alone : editsMax.around); count++) {
    if (isAlone ? random.below(8) > 0 : random.below(4) > 0) {
      // Mostly one of the two: what changes besides may hide that it is not looked at.
      const which = random.below(3);
      targets = targets.map((each, at) => (which === 1 - at ? each : withOther(each, random)));
      const what = targets.map(({name, value}) => `${name}: ${value}`).join('; ');
      edits.push({project: withAims(project, targets), what, isSame: false});
    } else {
      const edit = isAlone ? touched(project, random) : randomEdit(random, project);
      project = edit.project;
      edits.push({...edit, project: withAims(project, targets)});
    }
  }
  return {seed, kind, edits};
}

function aimedAt(name: string, seed: number, random: Random): readonly Aimed[] {
  const aim = aims[name];
  return aim === undefined ? [] : [{name, aim, seed, value: random.pick(aim.values)}];
}

function withOther(target: Aimed, random: Random): Aimed {
  return {...target, value: random.pick(target.aim.values.filter((value) => value !== target.value))};
}

function touched(project: Project, random: Random): Edited {
  const disturbance = random.pick(['touched', 'rewritten', 'linked'] as const);
  return {project, isSame: true, disturbance, what: `files are ${disturbance}`};
}

function withAims(project: Project, targets: readonly Aimed[]): Project {
  const laid = targets.map(({aim, value, seed}) => aim.lay(value, new Random(seed)));
  const own = laid.flatMap((each, index) => [...(each.before ?? []), stageOf(each, index)]);
  const taken = laid.map((_, index) => `COPY --from=aim${index} /q* /q/`);
  const [first = 'FROM scratch', ...others] = project.stages.at(-1) ?? [];
  return {
    ...project,
    // What is taken comes first, so that what follows does not hide it.
    stages: [...own, ...project.stages.slice(0, -1), [first, ...taken, ...others]],
    files: {...project.files, ...Object.assign({}, ...laid.map(({files}) => files))},
    ignored: [...project.ignored, ...laid.flatMap(({ignored = []}) => ignored)],
    flags: laid.flatMap(({flags = []}) => flags),
  };
}

function stageOf({from = 'busybox', lines}: Laid, index: number): readonly string[] {
  return [`FROM ${from} AS aim${index}`, ...lines];
}
