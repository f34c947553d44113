// Edits of mounts and other flags of RUN.

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
  mounting('an agent is there', '--mount=type=ssh', {flags: ['--ssh', 'default={{CONTEXT}}/key']}, 'hit', {
    files: {key: '{{KEY}}'},
  }),
  mounting(
    'an agent has another key',
    '--mount=type=ssh',
    {flags: ['--ssh', 'default={{CONTEXT}}/other']},
    'hit',
    {
      files: {key: '{{KEY}}', other: '{{KEY}}'},
      flags: ['--ssh', 'default={{CONTEXT}}/key'],
    },
  ),
  mounting(
    'a secret is required',
    '--mount=type=secret,id=s',
    {dockerfile: [['id=s', 'id=s,required']]},
    'run',
    {
      files: {'s.txt': '1\n'},
      flags: ['--secret', 'id=s,src={{CONTEXT}}/s.txt'],
      ...once,
    },
  ),
  mounting(
    'a secret has another mode',
    '--mount=type=secret,id=s',
    {dockerfile: [['id=s', 'id=s,mode=0444']]},
    'run',
    {
      files: {'s.txt': '1\n'},
      flags: ['--secret', 'id=s,src={{CONTEXT}}/s.txt'],
      ...once,
    },
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

/** A file of another stage, mounted. */
const mountedStage = (name, edit, first, more) => ({
  group: 'Mounts of RUN',
  name,
  dockerfile:
    'FROM busybox AS build\nRUN echo one > /one\nFROM busybox\n' +
    'RUN --mount=from=build,source=/one,target=/m cat /m > /out\nRUN cat /out > /two\n',
  edit: {dockerfile: edit},
  after: {[first]: 'run', ...more},
});

export const mountRows = [
  ...mounts,
  mountedStage(
    'the stage of a bind mount gives one file more',
    [['> /one\nFROM', '> /one; touch /more\nFROM']],
    'RUN echo',
    {'RUN --mount': 'hit', 'RUN cat': 'hit'},
  ),
  mountedStage('the stage of a bind mount gives another file', [['echo one', 'echo 1']], 'RUN echo', {
    'RUN --mount': 'run',
    'RUN cat': 'run',
  }),
  onOff('--network=none of a step', '', '--network=none '),
  {
    ...onOff('--security=insecure of a step', '', '--security=insecure '),
    flags: ['--allow', 'security.insecure'],
  },
  {
    ...onOff('--security of a step says what is so anyway', '', '--security=sandbox '),
    after: {'RUN --security=sandbox ls': 'hit', 'RUN cat': 'hit'},
    documented: {'RUN --security=sandbox ls': 'hit', 'RUN cat': 'hit'},
  },
];
