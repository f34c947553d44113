// Edits of base images and stages, and those that early cutoff is for.

function stages(name, dockerfile, edit, after, more = {}) {
  return {group: 'Bases and stages', name, dockerfile, edit, after, ...more};
}

const two =
  'FROM busybox AS build\nRUN echo one > /one\nFROM busybox\nCOPY --from=build /one /one\nRUN cat /one > /two\n';
const all = (verdict) => ({'RUN echo': verdict, COPY: verdict, 'RUN cat': verdict});

export const stageRows = [
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
    {base: {version: '2'}},
    {COPY: 'run'},
    {
      base: {version: '1'},
      files: {a: '1\n'},
      flags: ['--pull'],
    },
  ),
  stages(
    'COPY --link outlives another base',
    'FROM moving\nCOPY --link a /a\n',
    {base: {version: '2'}},
    {COPY: 'hit'},
    {
      base: {version: '1'},
      files: {a: '1\n'},
      flags: ['--pull'],
      documented: {COPY: 'hit'},
    },
  ),
  stages(
    'the base says other things of itself, its layers are the same',
    'FROM moving\nCOPY a /a\n',
    {base: {version: '1', config: {Labels: {a: '2'}, Cmd: ['b']}}},
    {COPY: 'hit'},
    {
      base: {version: '1', config: {Labels: {a: '1'}, Cmd: ['a']}},
      files: {a: '1\n'},
      flags: ['--pull'],
    },
  ),
  stages(
    'the base sets another variable',
    'FROM moving\nCOPY a /a\n',
    {base: {version: '1', config: {Env: ['A=2']}}},
    {COPY: 'hit'},
    {
      base: {version: '1', config: {Env: ['A=1']}},
      files: {a: '1\n'},
      flags: ['--pull'],
    },
  ),
  stages(
    'a trigger of the base is as it was, what it copies, too',
    'FROM moving\nCOPY b /b\n',
    {touch: ['a']},
    {'COPY a': 'hit', 'COPY b': 'hit'},
    {
      base: {version: '1', config: {OnBuild: ['COPY a /a']}},
      files: {a: '1\n', b: '1\n'},
      flags: ['--pull'],
    },
  ),
  stages(
    'a trigger of the base changes',
    'FROM moving\nCOPY b /b\n',
    {base: {version: '1', config: {OnBuild: ['COPY a /c']}}},
    {'COPY a': 'run', 'COPY b': 'run'},
    {
      base: {version: '1', config: {OnBuild: ['COPY a /a']}},
      files: {a: '1\n', b: '1\n'},
      flags: ['--pull'],
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
export const cutoffRows = [
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
