// What an aim is (aims.ts), and what several of them lay: a context, a stage that another one reads.

import type {Random} from './random.ts';
import type {Entry} from './random-project.ts';

/** What a project gets for one value. What it shows lies at /q and /q1 of the stage; `made` is a stage of its own. */
export interface Laid {
  readonly lines: readonly string[];
  /** What the stage stands on; busybox. */
  readonly from?: string;
  /** Whole stages that it needs. */
  readonly before?: readonly (readonly string[])[];
  /** Besides those of `common`. */
  readonly files?: Readonly<Record<string, Entry>>;
  readonly ignored?: readonly string[];
  /** CONTEXT in them is the directory of the context. */
  readonly flags?: readonly string[];
  readonly epoch?: number;
}

export interface Aim {
  readonly values: readonly string[];
  /** Nothing stands beside it: what changes here is in the keys of all, or in what all of them read. */
  readonly isByItself?: true;
  /** The same numbers come for each value of a round. */
  lay(value: string, random: Random): Laid;
}

export const seen = (paths: string): string =>
  `{ find ${paths} -exec stat -c '%n %F %a %u %g %N %t %T' {} + | sort; find ${paths} -type f | sort | xargs cat; }`;

/** Reads q of the context, or what stands in its place. */
export function reading(random: Random): readonly string[] {
  return [
    random.pick([
      'COPY q /q',
      'COPY q /q',
      'COPY q/* /q/',
      'COPY --link q /q',
      'COPY . /q',
      'ADD q/ /q',
      'COPY --parents q/* /q/',
      'COPY --exclude=nothing q /q',
      `RUN --mount=type=bind,source=q,target=/m ${seen('/m/*')} > /q1`,
      `RUN --mount=type=bind,target=/m,rw ${seen('/m/q/*')} > /q1`,
    ]),
  ];
}

export const madeBy = (command: string): readonly string[] => [
  'FROM busybox AS made',
  `RUN mkdir -p /m/d; echo x > /m/a; echo x > /m/b; ${command}`,
];

/** Reads /m of the stage `made`, which `command` fills. */
export function made(command: string, random: Random): Laid {
  const line = random.pick([
    'COPY --from=made /m /q',
    'COPY --from=made /m/* /q/',
    'COPY --link --from=made /m/ /q',
    `RUN --mount=type=bind,from=made,source=/m,target=/m ${seen('/m/*')} > /q1`,
    `RUN --mount=type=bind,from=made,target=/m,rw ${seen('/m/m/*')} > /q1`,
  ]);
  return {lines: [line], before: [madeBy(command)]};
}

/** What is there for all of them. */
export const common: Readonly<Record<string, Entry>> = {
  'q/a': {text: 'a'},
  'q/b': {text: 'b'},
  'q/c.log': {text: 'c'},
  'q/sub/d': {text: 'd'},
};
