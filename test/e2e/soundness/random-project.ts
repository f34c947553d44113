// Random Dockerfiles with a context, and random edits of them, from a seed: the same seed gives the same project. What
// steps do depends on what they can see (files, modes, times, variables, mounts) and on nothing else, so a build
// without cache is what every cached build has to equal.

export interface Project {
  /** Stages from the first to the target; each a list of lines. */
  readonly stages: readonly (readonly string[])[];
  /** Path to text; the mode is in `modes` where it is not 0644. */
  readonly files: Readonly<Record<string, string>>;
  readonly modes: Readonly<Record<string, number>>;
  readonly buildArgs: Readonly<Record<string, string>>;
}

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }

  /** mulberry32 */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  }
}

const names = ['a', 'b', 'd/a', 'd/b', 'd/e/c', 'x.log'];
const targets = ['/o', '/p/q', '/r/'];
const variables = ['A', 'B'];

function word(random: Random): string {
  return random.pick(['one', 'two', 'three', '1', '22', '']);
}

/** What is in the tree, with everything that a step can see of it; before it writes, for what is new has the clock's time. */
const look = "seen=$(find /o /p /r /s /w -exec stat -c '%n %a %u %g %s %Y' {} + 2>/dev/null | sort)";

/** What copies of the context give has the times of the context, whoever copies: times alone miss nothing (ADR 2). */
function run(random: Random): string {
  const command = random.pick([
    `${look}; echo "$seen" > /s`,
    `cat /o /p/q 2>/dev/null | wc -c > /s`,
    `echo ${word(random)} > /s`,
    `echo $${random.pick(variables)} > /s`,
    `: $${random.pick(variables)}; mkdir -p /p; echo ${word(random)} > /p/t`,
    `rm -rf ${random.pick(['/o', '/p', '/r', '/s'])}`,
    `mkdir -p /p; touch -d @100000000${random.below(3)} /p/time`,
    `mkdir -p /p; ln -sfn ${word(random)}x /p/link`,
    `mkdir -p /p && : > /p/m && chmod 7${random.below(8)}5 /p/m`,
    `mkdir -p /r && echo ${word(random)} > /r/h && ln -f /r/h /r/h2`,
    `[ ! -e /s ] || mv /s /s2`,
    `sort /s* 2>/dev/null > /w2; [ -s /w2 ] || rm /w2`,
  ]);
  const mount = random.pick([
    '',
    '',
    '',
    '--mount=type=bind,target=/m ',
    '--mount=type=bind,source=d,target=/m ',
  ]);
  const read = mount === '' ? '' : random.pick(['; ls -R /m > /s', '; cat /m/a > /s', '; cp -rp /m/. /r']);
  return `RUN ${mount}${command}${mount === '' ? '' : read}`;
}

function copy(random: Random, stage: number): string {
  const flags = random.pick(['', '', '', '--chown=7:8 ', '--chmod=640 ', '--link ', '--exclude=**/a ']);
  const other = stage > 0 && random.below(3) === 0 ? `--from=s${random.below(stage)} ` : '';
  // A path that a stage surely has, or one that may match nothing.
  const source =
    other === ''
      ? random.pick(['a', 'b', 'd', 'd/', '.', 'd/e', '[ab]'])
      : random.pick(['/bin/busybox', '/p*', '/s*', '/r*']);
  const destination = source === '[ab]' || other !== '' ? '/r/' : random.pick(targets);
  return `COPY ${other}${flags}${source} ${destination}`;
}

function instruction(random: Random, stage: number): string {
  switch (random.below(10)) {
    case 0:
      return `ENV ${random.pick(variables)}=${word(random)}`;
    case 1:
      return `ARG ${random.pick(variables)}=${word(random)}`;
    case 2:
      return `WORKDIR ${random.pick(['/w', '/w/v', '/'])}`;
    case 3:
      return random.pick([
        `LABEL l=${word(random)}`,
        `USER ${random.pick(['0', '0:0', '0:5'])}`,
        'CMD ["x"]',
      ]);
    case 4:
    case 5:
    case 6:
      return copy(random, stage);
    default:
      return run(random);
  }
}

function stageOf(random: Random, index: number): string[] {
  const base = index > 0 && random.below(2) === 0 ? `s${random.below(index)}` : 'busybox';
  const count = 2 + random.below(4);
  return [`FROM ${base} AS s${index}`, ...Array.from({length: count}, () => instruction(random, index))];
}

export function randomProject(random: Random): Project {
  const stages = Array.from({length: 1 + random.below(3)}, (_, index) => stageOf(random, index));
  const files: Record<string, string> = {};
  for (const name of names) files[name] = word(random);
  return {stages, files, modes: {}, buildArgs: random.below(3) === 0 ? {A: word(random)} : {}};
}

export interface Edited {
  readonly project: Project;
  readonly what: string;
}

export function randomEdit(random: Random, project: Project): Edited {
  const stage = random.below(project.stages.length);
  const lines = project.stages[stage] ?? [];
  const withLines = (changed: readonly string[]): Project => ({
    ...project,
    stages: project.stages.map((each, index) => (index === stage ? changed : each)),
  });
  // The first line is FROM.
  const at = 1 + random.below(Math.max(1, lines.length - 1));
  const name = random.pick(names);
  switch (random.below(8)) {
    case 0:
    case 1: {
      const line = instruction(random, stage);
      return {project: withLines(lines.with(at, line)), what: `s${stage} line ${at} becomes ${line}`};
    }
    case 2: {
      const line = instruction(random, stage);
      return {project: withLines(lines.toSpliced(at, 0, line)), what: `s${stage} gets ${line} at ${at}`};
    }
    case 3:
      if (lines.length < 3) return {project, what: 'nothing'};
      return {project: withLines(lines.toSpliced(at, 1)), what: `s${stage} loses line ${at}`};
    case 4: {
      const mode = random.pick([0o600, 0o644, 0o755]);
      const modes = {...project.modes, [name]: mode};
      return {project: {...project, modes}, what: `${name} has mode ${mode.toString(8)}`};
    }
    case 5: {
      const buildArgs = {...project.buildArgs, [random.pick(variables)]: word(random)};
      return {project: {...project, buildArgs}, what: `build arguments ${JSON.stringify(buildArgs)}`};
    }
    default: {
      const text = word(random);
      return {project: {...project, files: {...project.files, [name]: text}}, what: `${name} is "${text}"`};
    }
  }
}

export function dockerfileOf({stages}: Project): string {
  return `${stages.flat().join('\n')}\n`;
}
