// What a key has to cover, one by one: a stage that shows one ingredient of keys in its files, and the values that the
// ingredient takes one after the other while all else stays. Random edits alone come across some ingredients once in
// hundreds of rounds; with these an ingredient that is forgotten is found within sixty.

import type {Random} from './random.ts';
import {archiveOf, type Entry} from './random-project.ts';

/** What a project gets for one value. What it shows lies at /q and /q1 of the stage. */
export interface Laid {
  readonly lines: readonly string[];
  /** What the stage stands on; busybox. */
  readonly from?: string;
  /** Whole stages that it needs. */
  readonly before?: readonly (readonly string[])[];
  readonly files?: Readonly<Record<string, Entry>>;
  readonly ignored?: readonly string[];
  /** CONTEXT in them is the directory of the context. */
  readonly flags?: readonly string[];
}

export interface Aim {
  readonly values: readonly string[];
  /** Only without a project around it. */
  readonly isAlone?: true;
  /** The same numbers come for each value of a round. */
  lay(value: string, random: Random): Laid;
}

const seen = (paths: string): string =>
  `{ find ${paths} -exec stat -c '%n %F %a %u %g %N' {} + | sort; find ${paths} -type f | sort | xargs cat; }`;

/** Reads q of the context, or what stands in its place. */
function reading(random: Random): readonly string[] {
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

/** Reads /m of the stage `made`, which `command` fills. */
function made(command: string, random: Random): Laid {
  const line = random.pick([
    'COPY --from=made /m /q',
    'COPY --from=made /m/* /q/',
    'COPY --link --from=made /m/ /q',
    `RUN --mount=type=bind,from=made,source=/m,target=/m ${seen('/m/*')} > /q1`,
    `RUN --mount=type=bind,from=made,target=/m,rw ${seen('/m/m/*')} > /q1`,
  ]);
  const before = ['FROM busybox AS made', `RUN mkdir -p /m/d; echo x > /m/a; ${command}`];
  return {lines: [line], before: [before]};
}

const context = (files: Readonly<Record<string, Entry>>): Readonly<Record<string, Entry>> => ({
  'q/a': {text: 'a'},
  'q/b': {text: 'b'},
  'q/c.log': {text: 'c'},
  'q/sub/d': {text: 'd'},
  ...files,
});

const looks = 'env; id; pwd; echo $0 $-; stat -c "%n %F %a %u %g" /m /m2 /m/s /m2/s';

function mounted(option: string): Laid {
  const size = "df -k /m 2>/dev/null | awk 'END {print $2}'";
  const sized = option.includes('tmpfs') ? `${size}; ` : '';
  const write = 'touch /m/t && echo writable';
  return {
    lines: [`RUN --mount=${option} { ${looks}; ${sized}${write}; cat /m/a; } > /q1 2>/dev/null || :`],
    files: context({}),
    flags: ['--secret', 'id=x,env=PATH'],
  };
}

const options = (values: readonly string[]): Aim => ({values, lay: mounted});

export const aims: Readonly<Record<string, Aim>> = {
  'ignore patterns': {
    // Those that a walk is told of, and those that are only looked at after it.
    values: ['# none', 'q/b', 'q/*.log', 'q/[bc]', 'q/*\n!q/a', 'q/b\n!q/?', '**/d'],
    lay: (value, random) => ({lines: reading(random), files: context({}), ignored: value.split('\n')}),
  },
  'mode of a file': {
    values: ['644', '600', '755', '4755'],
    lay: (value, random) => ({
      lines: reading(random),
      files: context({'q/a': {text: 'a', mode: Number.parseInt(value, 8)}}),
    }),
  },
  'bytes of a file': {
    values: ['a', 'b', 'c', ''],
    lay: (value, random) => ({lines: reading(random), files: context({'q/a': {text: value}})}),
  },
  'name of a file': {
    values: ['q/x', 'q/y', 'q/sub/x', 'q/new/x'],
    lay: (value, random) => ({lines: reading(random), files: context({[value]: {text: 'x'}})}),
  },
  'target of a symlink': {
    values: ['a', 'b', 'sub', 'nowhere', '../q/a'],
    lay: (value, random) => ({lines: reading(random), files: context({'q/l': {link: value}})}),
  },
  'symlink as a source': {
    values: ['a', 'b', 'c.log'],
    lay: (value, random) => ({
      lines: [random.pick(['COPY q/l /q', 'RUN --mount=type=bind,source=q/l,target=/m cat /m > /q'])],
      files: context({'q/l': {link: value}}),
    }),
  },
  'owner in a stage': {
    values: ['0:0', '3:0', '0:4', '3:4'],
    lay: (value, random) => made(`chown ${value} /m/*`, random),
  },
  'mode in a stage': {
    values: ['600', '700', '755', '2755'],
    lay: (value, random) => made(`chmod ${value} /m/*`, random),
  },
  'entry in a stage': {
    values: ['echo y > /m/a', 'ln -s a /m/l', 'ln -s d /m/l', 'mkfifo /m/l', 'mkdir /m/l', 'rm /m/a'],
    lay: made,
  },
  'path in a stage': {
    values: ['/m/a', '/m/d', '/m', '/m/*'],
    lay: (value, random) => ({
      ...made('echo d > /m/d/e', random),
      lines: [`COPY --from=made ${value} /q/`],
    }),
  },
  'flag of COPY': {
    values: ['', '--chown=5', '--chown=5:6', '--chmod=600', '--chmod=a+x', '--exclude=b', '--exclude=sub'],
    lay: (value) => ({lines: [`COPY ${value} q /q/`], files: context({})}),
  },
  '--parents': {
    values: ['q/sub/d', 'q/./sub/d', 'q/sub/./d', 'q/sub'],
    lay: (value) => ({lines: [`COPY --parents ${value} /q/`], files: context({})}),
  },
  destination: {
    values: ['/q/x', '/q/y', '/q/', '/q/x/', 'q/z'],
    lay: (value) => ({lines: [`COPY q/a ${value}`], files: context({})}),
  },
  'ADD of an archive': {
    values: ['--unpack=true', '--unpack=false', '--chown=4', '--unpack=false --chmod=700'],
    lay: (value) => ({lines: [`ADD ${value} x.tar /q/`], files: {'x.tar': {text: archiveOf('in')}}}),
  },
  'heredoc of COPY': {
    values: ['one x', 'two x', 'one y', '"one" x$A', 'one x$A', '-one x'],
    lay: (value) => {
      const [mark = '', text = ''] = value.split(' ');
      return {lines: ['ARG A=z', `COPY <<${mark} /q/\n\t${text}\n${mark.replace(/\W/g, '')}`]};
    },
  },
  'heredoc of RUN': {
    values: ['echo 1', 'echo 2', 'echo 1\necho 3', 'echo "$A"', 'echo "$B"', "echo '$A'"],
    lay: (value, random) => ({
      lines: [
        'ARG A=x',
        random.pick([
          `RUN <<E\n{ ${value}; } > /q\nE`,
          `RUN sh <<E > /q\n${value}\nE`,
          `RUN <<E\n#!/bin/sh\n{ ${value}; } > /q\nE`,
        ]),
      ],
    }),
  },
  ARG: {
    values: ['1', '2', ''],
    lay: (value, random) => ({
      lines: ['ARG QA=0', random.pick(['RUN echo $QA > /q', 'RUN env | grep QA > /q', 'COPY q/a /q/$QA'])],
      flags: ['--build-arg', `QA=${value}`],
      files: context({}),
    }),
  },
  ENV: {
    values: ['1', '2', '"1 2"'],
    lay: (value, random) => ({
      lines: [`ENV QA=${value}`, random.pick(['RUN echo $QA > /q', 'RUN env > /q', 'WORKDIR /q/$QA'])],
    }),
  },
  'place of a step': {
    values: ['/w', '/v', '/'],
    lay: (value) => ({lines: ['RUN mkdir /w /v', `WORKDIR ${value}`, 'RUN pwd > /q']}),
  },
  'who runs a step, and by what': {
    values: ['USER 0:5', 'USER 6', 'SHELL ["/bin/sh", "-ec"]', 'SHELL ["/bin/sh", "-uc"]', 'ARG X=1'],
    lay: (value) => ({
      lines: ['RUN : > /q; chmod 666 /q', value, `RUN { ${looks}; } > /q 2>/dev/null || :`],
    }),
  },
  'bind mount': options([
    'type=bind,source=q,target=/m',
    'type=bind,source=q,target=/m2',
    'type=bind,source=q,target=/m,rw',
    'type=bind,source=q/sub,target=/m',
    'type=bind,source=q/a,target=/m/a',
    'type=bind,source=q/b,target=/m/a',
  ]),
  'cache mount': options([
    'type=cache,target=/m',
    'type=cache,target=/m,ro',
    'type=cache,target=/m2',
    'type=cache,target=/m,mode=0700',
    'type=cache,target=/m,uid=5',
    'type=cache,target=/m,gid=6',
  ]),
  'tmpfs mount': options([
    'type=tmpfs,target=/m',
    'type=tmpfs,target=/m,size=64k',
    'type=tmpfs,target=/m,size=1m',
  ]),
  'secret mount': options([
    'type=secret,id=x,target=/m/s',
    'type=secret,id=x,target=/m2/s',
    'type=secret,id=x,target=/m/s,mode=0444',
    'type=secret,id=x,target=/m/s,uid=5',
    'type=secret,id=x,target=/m/s,gid=6',
    'type=secret,id=x,env=QA',
    'type=secret,id=x,env=QB',
    'type=secret,id=none,target=/m/s',
  ]),
  'flag of the command': {
    values: [
      '--shm-size=1m',
      '--shm-size=2m',
      '--ulimit=nofile=77',
      '--add-host=one:1.2.3.4',
      '--add-host=two:1.2.3.4',
    ],
    lay: (value) => ({
      lines: ["RUN { ulimit -n; df -k /dev/shm | awk 'END {print $2}'; grep -c one /etc/hosts; } > /q || :"],
      flags: [value],
    }),
  },
  'network and name': {
    values: ['--network=none ', '--network=default ', '--build-arg=BUILDKIT_SANDBOX_HOSTNAME=q'],
    lay: (value) => {
      const isFlag = value.startsWith('--build-arg');
      const line = `RUN ${isFlag ? '' : value}{ hostname; ls /sys/class/net | wc -l; } > /q`;
      return {lines: [line], flags: isFlag ? [value] : []};
    },
  },
  'base that moves': {
    values: ['one', 'two'],
    lay: (value, random) => ({
      from: 'moving',
      lines: [random.pick(['RUN cp /moved /q', 'RUN echo x > /q', 'COPY q /q']), 'RUN cat /moved > /q1'],
      files: context({}),
      flags: ['--build-context', `moving=docker-image://${value}`],
    }),
  },
  'named context': {
    values: ['q', 'q/sub', 'q2'],
    lay: (value, random) => ({
      lines: [
        random.pick([
          'COPY --from=more . /q',
          `RUN --mount=type=bind,from=more,target=/m ${seen('/m/*')} > /q1`,
        ]),
      ],
      files: {...context({}), 'q2/a': {text: 'other'}},
      flags: ['--build-context', `more=CONTEXT/${value}`],
    }),
  },
  ONBUILD: {
    values: ['RUN echo 1 > /q', 'RUN echo 2 > /q', 'COPY q/a /q', 'COPY q/b /q', 'ENV QA=1', 'WORKDIR /q'],
    lay: (value) => ({
      before: [['FROM busybox AS trigger', `ONBUILD ${value}`]],
      from: 'trigger',
      lines: ['RUN { env; pwd; } > /q1'],
      files: context({}),
    }),
  },
  'platform that is built for': {
    values: ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/riscv64'],
    isAlone: true,
    lay: (value, random) => ({
      from: '--platform=$BUILDPLATFORM busybox',
      lines: [
        'ARG TARGETPLATFORM TARGETVARIANT',
        random.pick(['RUN env > /q', 'RUN echo $TARGETPLATFORM > /q', 'COPY <<q /\n$TARGETPLATFORM\nq']),
      ],
      flags: ['--platform', value],
    }),
  },
};
