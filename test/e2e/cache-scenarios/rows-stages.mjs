// Edits of base images and stages, of mounts, and those that early cutoff is for.

function stages(name, dockerfile, edit, after, more = {}) {
  return {group: 'Bases and stages', name, dockerfile, edit, after, ...more};
}

const two =
  'FROM busybox AS build\nRUN echo one > /one\nFROM busybox\nCOPY --from=build /one /one\nRUN cat /one > /two\n';
const all = (verdict) => ({'RUN echo': verdict, COPY: verdict, 'RUN cat': verdict});

const bases = [
  stages(
    'the base is named by another tag of the same image',
    'FROM busybox:1\nRUN echo one > /one\n',
    {
      dockerfile: [['busybox:1', 'busybox:stable']],
    },
    {RUN: 'hit'},
  ),
  stages(
    'the base is another image under the same name',
    'FROM moving\nCOPY a /a\n',
    {moveBase: true, flags: ['--pull']},
    {COPY: 'run'},
    {
      files: {a: '1\n'},
      flags: ['--pull'],
    },
  ),
  stages(
    'COPY --link outlives another base',
    'FROM moving\nCOPY --link a /a\n',
    {moveBase: true, flags: ['--pull']},
    {COPY: 'hit'},
    {
      files: {a: '1\n'},
      flags: ['--pull'],
      documented: {COPY: 'hit'},
    },
  ),
  stages(
    'the platform of the base is named, and is the own one',
    'FROM busybox\nRUN echo one > /one\n',
    {
      dockerfile: [['FROM', 'FROM --platform=$BUILDPLATFORM']],
    },
    {RUN: 'hit'},
  ),
  stages(
    'an argument gives the base that is written now',
    'FROM busybox\nRUN echo one > /one\n',
    {
      dockerfile: [['FROM busybox', 'ARG B=busybox\nFROM $B']],
    },
    {RUN: 'hit'},
  ),
  stages(
    'a stage is renamed',
    two,
    {
      dockerfile: [
        ['AS build', 'AS made'],
        ['from=build', 'from=made'],
      ],
    },
    all('hit'),
  ),
  stages('a stage is named by its number', two, {dockerfile: [['from=build', 'from=0']]}, all('hit')),
  stages(
    'stages change places',
    `FROM busybox AS other\nRUN echo o > /o\n${two.replace('COPY', 'COPY --from=other /o /o\nCOPY')}`,
    {
      dockerfile: [
        [
          'FROM busybox AS other\nRUN echo o > /o\nFROM busybox AS build\nRUN echo one > /one\n',
          'FROM busybox AS build\nRUN echo one > /one\nFROM busybox AS other\nRUN echo o > /o\n',
        ],
      ],
    },
    {
      'RUN echo o > /o': 'hit',
      'RUN echo one': 'hit',
      'COPY --from=other': 'hit',
      'COPY --from=build': 'hit',
      'RUN cat': 'hit',
    },
  ),
  stages(
    'a stage that nothing needs changes',
    `FROM busybox AS unused\nRUN echo x\n${two}`,
    {dockerfile: [['echo x', 'echo y']]},
    all('hit'),
  ),
  stages('another target, on the way to the first', two, {flags: ['--target', 'build']}, {'RUN echo': 'hit'}),
  stages(
    'a stage is written differently and gives the same file',
    two,
    {dockerfile: [['echo one', 'printf "one\\n"']]},
    {
      'RUN printf': 'run',
      COPY: 'hit',
      'RUN cat': 'hit',
    },
  ),
  stages(
    'a stage gives one file more, which nobody copies',
    two,
    {dockerfile: [['> /one\nFROM', '> /one; touch /more\nFROM']]},
    {
      'RUN echo': 'run',
      COPY: 'hit',
      'RUN cat': 'hit',
    },
  ),
  stages(
    'a stage gives another file',
    two,
    {dockerfile: [['echo one', 'echo 1']]},
    {
      'RUN echo': 'run',
      COPY: 'run',
      'RUN cat': 'run',
    },
  ),
  stages(
    'the copied file has another place in its stage',
    two,
    {
      dockerfile: [
        ['echo one > /one', 'mkdir /d && echo one > /d/one'],
        ['build /one', 'build /d/one'],
      ],
    },
    {'RUN mkdir': 'run', COPY: 'hit', 'RUN cat': 'hit'},
  ),
];

function mounting(name, flags, edit, verdict, more = {}) {
  const dockerfile = `FROM busybox\nRUN ${flags} ls / > /out\nRUN cat /out > /two\n`;
  const after = {'RUN --mount': verdict, 'RUN cat': verdict};
  const {after: own, documented, ...rest} = more;
  return {
    group: 'Mounts of RUN',
    name,
    dockerfile,
    edit,
    after: own ?? after,
    files: {'src/a': '1\n', 'src/b': '2\n'},
    ...(documented === undefined ? {} : {documented: {'RUN --mount': documented, 'RUN cat': documented}}),
    ...rest,
  };
}

const bind = '--mount=type=bind,source=src,target=/m';
const once = {after: {'RUN --mount': 'run', 'RUN cat': 'hit'}};
const mounts = [
  mounting('a bound file is touched', bind, {touch: ['src/a']}, 'hit'),
  mounting('a bound file changes', bind, {write: {'src/a': '9\n'}}, 'run', once),
  mounting('a file beside the bound directory changes', bind, {write: {other: '1\n'}}, 'hit'),
  mounting(
    'the bound directory is renamed',
    bind,
    {rename: [['src', 'dir']], dockerfile: [['source=src', 'source=dir']]},
    'hit',
  ),
  mounting(
    'the bound file is renamed',
    '--mount=type=bind,source=src/a,target=/m',
    {
      rename: [['src/a', 'src/z']],
      dockerfile: [['src/a', 'src/z']],
    },
    'hit',
  ),
  mounting('a bind mount can be written', bind, {dockerfile: [['target=/m', 'target=/m,rw']]}, 'run', once),
  mounting(
    'a cache mount names another cache',
    '--mount=type=cache,target=/c,id=one',
    {dockerfile: [['id=one', 'id=two']]},
    'hit',
    {
      documented: 'hit',
    },
  ),
  mounting(
    'a cache mount is shared in another way',
    '--mount=type=cache,target=/c,id=one',
    {
      dockerfile: [['id=one', 'id=one,sharing=locked']],
    },
    'hit',
    {documented: 'hit'},
  ),
  mounting(
    'a cache mount lies elsewhere',
    '--mount=type=cache,target=/c,id=one',
    {dockerfile: [['/c,', '/e,']]},
    'run',
  ),
  mounting(
    'a cache mount is read-only',
    '--mount=type=cache,target=/c,id=one',
    {dockerfile: [['id=one', 'id=one,ro']]},
    'run',
    once,
  ),
  mounting(
    'a secret has another value',
    '--mount=type=secret,id=s,target=/s',
    {write: {'s.txt': '2\n'}},
    'hit',
    {
      files: {'s.txt': '1\n'},
      flags: ['--secret', 'id=s,src={{CONTEXT}}/s.txt'],
    },
  ),
  mounting(
    'a secret is another one',
    '--mount=type=secret,id=s,target=/s',
    {
      dockerfile: [['id=s,', 'id=t,']],
      flags: ['--secret', 'id=t,src={{CONTEXT}}/s.txt'],
    },
    'run',
    {files: {'s.txt': '1\n'}, flags: ['--secret', 'id=s,src={{CONTEXT}}/s.txt'], ...once},
  ),
  mounting(
    'a secret lies elsewhere',
    '--mount=type=secret,id=s,target=/s',
    {dockerfile: [['target=/s', 'target=/t']]},
    'run',
    {
      files: {'s.txt': '1\n'},
      flags: ['--secret', 'id=s,src={{CONTEXT}}/s.txt'],
    },
  ),
  mounting(
    'an ssh mount is added, without an agent',
    '--mount=type=tmpfs,target=/t',
    {
      dockerfile: [['--mount=type=tmpfs', '--mount=type=ssh --mount=type=tmpfs']],
    },
    'run',
    once,
  ),
  mounting('a tmpfs lies elsewhere', '--mount=type=tmpfs,target=/t', {dockerfile: [['/t ', '/u ']]}, 'run'),
  mounting(
    'a tmpfs has a limit',
    '--mount=type=tmpfs,target=/t',
    {dockerfile: [['target=/t', 'target=/t,size=9m']]},
    'run',
    {
      documented: 'run',
      ...once,
    },
  ),
];

const onOff = (name, before, after) => ({
  group: 'Mounts of RUN',
  name,
  dockerfile: `FROM busybox\nRUN ${before}ls / > /out\nRUN cat /out > /two\n`,
  edit: {dockerfile: [[`RUN ${before}ls`, `RUN ${after}ls`]]},
  after: {[`RUN ${after}ls`]: 'run', 'RUN cat': 'hit'},
  documented: {[`RUN ${after}ls`]: 'run', 'RUN cat': 'run'},
});

function cutoff(name, line, edit, above, more = {}) {
  return {
    group: 'Early cutoff',
    name,
    dockerfile: `FROM busybox AS base\nARG A=1\n${line}\nFROM base\nCOPY f /copied\n`,
    edit: {dockerfile: edit},
    after: {[more.first ?? 'RUN ']: 'run', COPY: above},
    files: {f: '1\n'},
  };
}

const changed = [['A=1', 'A=2']];
const cutoffs = [
  cutoff('an argument that is only printed', 'RUN echo $A; echo one > /one', changed, 'hit', {
    first: 'RUN echo',
  }),
  cutoff('a command is reworded', 'RUN echo one > /one', [['echo one', 'printf "one\\n"']], 'hit', {
    first: 'RUN printf',
  }),
  cutoff('an argument that is written', 'RUN echo $A > /one', changed, 'run', {first: 'RUN echo'}),
  cutoff('an argument that becomes a mode', 'RUN echo > /one; chmod 75$A /one', changed, 'run', {
    first: 'RUN echo',
  }),
  cutoff('an argument that becomes an owner', 'RUN echo > /one; chown $A /one', changed, 'run', {
    first: 'RUN echo',
  }),
  cutoff('an argument that becomes a time', 'RUN touch -d @100000000$A /one', changed, 'run', {
    first: 'RUN touch',
  }),
  cutoff('an argument that becomes a link', 'RUN ln -s /$A /one', changed, 'run', {first: 'RUN ln'}),
  cutoff(
    'an argument that removes another file',
    'RUN touch /one; rm -f /bin/$A',
    [['A=1', 'A=cat']],
    'run',
    {first: 'RUN touch'},
  ),
  cutoff('the time of day', 'RUN : $A; sleep 0.01; touch /one', changed, 'hit', {first: 'RUN :'}),
];

export const stageRows = [
  ...bases,
  ...mounts,
  onOff('--network=none of a step', '', '--network=none '),
  ...cutoffs,
];
