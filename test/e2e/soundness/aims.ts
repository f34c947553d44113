// What a key has to cover, one by one: a stage that shows one ingredient of keys in its files, and the values that the
// ingredient takes one after the other while all else stays. Random edits alone come across some ingredients once in
// hundreds of rounds; with these an ingredient that is forgotten is found within sixty. Where an aim has several
// ingredients, there is a pair of values for each that differs in nothing else.

import {type Aim, made, madeBy, reading, seen} from './aim.ts';
import {looks, mountAims} from './mount-aims.ts';
import {archiveOf, archiveWithCapability} from './random-project.ts';

const deviceOf = (minor: number): string => `mknod -m 755 /m/l c 1 ${minor} || mkdir /m/no`;

export const aims: Readonly<Record<string, Aim>> = {
  ...mountAims,
  'ignore patterns': {
    // Those that a walk is told of, and those that are only looked at after it.
    values: ['# none', 'q/*.log', 'q/[bc]', 'q/b', 'q/*\n!q/a', '**/d'],
    isByItself: true,
    lay: (value, random) => ({lines: reading(random), ignored: value.split('\n')}),
  },
  'mode of a file': {
    values: ['644', '600', '755', '4755'],
    lay: (value, random) => ({
      lines: reading(random),
      files: {'q/a': {text: 'a', mode: Number.parseInt(value, 8)}},
    }),
  },
  'bytes of a file': {
    values: ['a', 'b', 'c', ''],
    lay: (value, random) => ({lines: reading(random), files: {'q/b': {text: value}}}),
  },
  'name of a file': {
    values: ['q/x', 'q/y', 'q/sub/x', 'q/new/x'],
    lay: (value, random) => ({
      // Of a directory the names are within it, of a file its own.
      lines: ['COPY q/[ax-z]* /q/', ...reading(random).map((line) => line.replace(/ \/q\/?$/, ' /q/q/'))],
      files: {'q/xx': {text: 'x'}, [value]: {text: 'x'}},
    }),
  },
  'name of a source': {
    values: ['a', 'e', '[e]', 'sub/../a'],
    lay: (value, random) => ({
      lines: [`COPY ${random.pick(['q', '--link q', '--from=made /m'])}/${value} /q/`],
      before: [madeBy('cp /m/a /m/e; mkdir /m/sub')],
      files: {'q/e': {text: 'a'}},
    }),
  },
  'target of a symlink': {
    values: ['a', 'b', 'sub', 'nowhere', '../q/a'],
    lay: (value, random) => ({lines: reading(random), files: {'q/l': {link: value}}}),
  },
  'symlink as a source': {
    values: ['a', 'b', 'c.log'],
    lay: (value, random) => ({
      lines: [random.pick(['COPY q/l /q', 'RUN --mount=type=bind,source=q/l,target=/m cat /m > /q'])],
      files: {'q/l': {link: value}},
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
    // Of those with the same mode only the type says which is which, and of devices only their numbers.
    values: ['ln -s a /m/l', 'ln -s d /m/l', 'mkdir /m/l', 'mkfifo -m 755 /m/l', ...[3, 5].map(deviceOf)],
    lay: made,
  },
  'bytes in a stage': {
    values: ['echo y > /m/a', 'echo z > /m/a', ': > /m/a', 'rm /m/a'],
    lay: made,
  },
  'capability in a stage': {
    values: ['', '0400', '0800'],
    lay: (value, random) => {
      // No step sees it.
      const source = random.pick(['/m', '/m/*', '/m/a']);
      return {
        before: [['FROM busybox AS made', 'ADD y.tar /m/']],
        lines: [`COPY --from=made ${source} /q/`],
        files: {'y.tar': {text: archiveWithCapability(value)}},
      };
    },
  },
  'path in a stage': {
    values: ['/m/a', '/m/d', '/m', '/m/*'],
    lay: (value, random) => ({
      ...made('echo d > /m/d/e', random),
      lines: [
        `COPY --from=made ${value} /q/`,
        `RUN --mount=type=bind,from=made,source=${value.replace('*', '.')},target=/m ls -R /m > /q1`,
      ],
    }),
  },
  'flag of COPY': {
    values: ['', '--chown=5', '--chown=5:6', '--chmod=600', '--chmod=a+x'],
    lay: (value, random) => ({
      lines: [`COPY ${value} ${random.pick(['q', '--from=made /m'])} /q/`],
      before: [madeBy('')],
    }),
  },
  '--exclude': {
    values: ['', '--exclude=b', '--exclude=[a-b]', '--exclude=**/d'],
    lay: (value) => ({
      lines: [`COPY ${value} q /q/`, `COPY ${value} --from=made /m /q1/`],
      before: [madeBy('')],
    }),
  },
  '--parents': {
    values: ['q/sub/d', '--parents q/sub/d', '--parents q/./sub/d', '--parents q/sub/./d', '--parents q/sub'],
    lay: (value) => ({
      lines: [`COPY ${value} /q/`, `COPY --from=made ${value} /q1/`],
      before: [madeBy('mkdir -p /q/sub; echo x > /q/sub/d')],
    }),
  },
  'stage that is read': {
    // Nothing, the stage itself, another one: all that is read of it is written the same.
    values: ['nothing', 'made', 'other'],
    lay: (value) => {
      const read = `--mount=type=bind,from=${value},target=/m`;
      const other = ['FROM busybox AS other', 'RUN mkdir /m; echo other > /m/o'];
      return {
        from: 'made',
        before: [['FROM scratch AS nothing'], madeBy(''), other],
        lines: [`COPY --from=${value} /m* /q/`, `RUN ${read} ls -R /m/m > /q1 2>&1 || :`],
      };
    },
  },
  destination: {
    values: ['/q/x', '/q/y', '/q/', '/q/x/', 'q/z'],
    lay: (value) => ({lines: [`COPY q/a ${value}`]}),
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
  'flag of a heredoc': {
    values: ['/q', '/q1', '--chown=5 /q', '--chown=5:6 /q', '--chmod=600 /q'],
    lay: (value) => ({lines: [`COPY <<E ${value}\nx\nE`.replace(/^COPY <<E (--\S+)/, 'COPY $1 <<E')]}),
  },
  'owner of a place': {
    values: ['0', '5', '5:6'],
    lay: (value) => ({lines: [`USER ${value}`, 'WORKDIR /q/w']}),
  },
  SOURCE_DATE_EPOCH: {
    values: ['1500000000', '1500000001', '1500000002'],
    isByItself: true,
    lay: (value, random) => ({
      lines: [random.pick(['COPY q/a /q/in/a', 'COPY <<E /q/in/a\nx\nE', 'WORKDIR /q/in'])],
      epoch: Number(value),
    }),
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
  'flag of the command': {
    values: ['', '--shm-size=1m', '--ulimit=nofile=77', '--add-host=one:1.2.3.4', '--add-host=two:1.2.3.4'],
    isByItself: true,
    lay: (value) => ({
      lines: ["RUN { ulimit -n; df -k /dev/shm | awk 'END {print $2}'; grep -c one /etc/hosts; } > /q || :"],
      flags: value === '' ? [] : [value],
    }),
  },
  'network, security and name': {
    values: ['', '--network=none', '--security=insecure', '--build-arg=BUILDKIT_SANDBOX_HOSTNAME=q'],
    isByItself: true,
    lay: (value) => {
      const isFlag = value.startsWith('--build-arg');
      const look = '{ hostname; ls /sys/class/net | wc -l; grep CapEff /proc/self/status; } > /q';
      return {
        lines: [`RUN ${isFlag ? '' : value} ${look}`],
        flags: ['--allow=security.insecure', ...(isFlag ? [value] : [])],
      };
    },
  },
  'base that moves': {
    values: ['one', 'two'],
    lay: (value, random) => ({
      from: 'moving',
      lines: [random.pick(['RUN cp /moved /q', 'RUN echo x > /q', 'COPY q /q']), 'RUN cat /moved > /q1'],
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
      files: {'q2/a': {text: 'other'}},
      flags: ['--build-context', `more=CONTEXT/${value}`],
    }),
  },
  ONBUILD: {
    values: ['RUN echo 1 > /q', 'RUN echo 2 > /q', 'COPY q/a /q', 'COPY q/b /q', 'ENV QA=1', 'WORKDIR /q'],
    lay: (value) => ({
      before: [['FROM busybox AS trigger', `ONBUILD ${value}`]],
      from: 'trigger',
      lines: ['RUN { env; pwd; } > /q1'],
    }),
  },
  'platform that is built for': {
    values: ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/riscv64'],
    isByItself: true,
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
