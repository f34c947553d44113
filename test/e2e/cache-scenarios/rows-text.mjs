// Edits of the Dockerfile that change how it is written, or what an image says of itself.

const one = 'FROM busybox\nRUN echo one > /one\nRUN cat /one > /two\n';
const hit = {'RUN echo': 'hit', 'RUN cat': 'hit'};
const run = {'RUN echo': 'run', 'RUN cat': 'run'};

function row(name, dockerfile, edit, after, more = {}) {
  return {group: 'How the Dockerfile is written', name, dockerfile, edit: {dockerfile: edit}, after, ...more};
}

/** The Dockerfile is read from elsewhere. */
const placed = (name, edit) => ({
  group: 'How the Dockerfile is written',
  name,
  dockerfile: 'FROM busybox\nCOPY a /one\nRUN cat /one > /two\n',
  files: {a: '1\n'},
  edit,
  after: {COPY: 'hit', RUN: 'hit'},
});

const writing = [
  row('a comment is added', one, [['RUN cat', '# why\nRUN cat']], hit),
  row(
    'a comment inside a continued command is added',
    one.replace('one > ', 'one \\\n  > '),
    [['\\\n', '\\\n# why\n']],
    hit,
  ),
  row('blank lines and indentation', one, [['RUN', '\n  RUN']], hit),
  row('the keyword in small letters', one, [['RUN', 'run']], {'RUN echo': 'hit', 'RUN cat': 'hit'}),
  row('a line is continued where there was a blank', one, [['echo one', 'echo \\\none']], hit),
  row(
    'the escape character is another one',
    one.replace('echo one', 'echo \\\none'),
    [
      ['FROM', '# escape=`\nFROM'],
      ['\\', '`'],
    ],
    hit,
  ),
  row('a syntax directive is added', one, [['FROM', '# syntax=docker/dockerfile:1\nFROM']], hit, {
    documented: hit,
  }),
  row('two blanks inside a command', one, [['echo one', 'echo  one']], {'RUN echo': 'run', 'RUN cat': 'hit'}),
  row(
    'JSON with other blanks',
    one.replace('RUN echo one > /one', 'RUN ["sh","-c","echo one > /one"]'),
    [['","', '", "']],
    {'RUN ["sh"': 'hit', 'RUN cat': 'hit'},
  ),
  row(
    'the exec form of the same shell command',
    one,
    [['RUN echo one > /one', 'RUN ["/bin/sh","-c","echo one > /one"]']],
    {
      'RUN ["/bin/sh"': 'hit',
      'RUN cat': 'hit',
    },
  ),
  row(
    'a heredoc changes',
    'FROM busybox\nRUN <<EOF\necho one > /one\nEOF\nRUN cat /one > /two\n',
    [['echo one', 'echo 1']],
    {
      'RUN <<': 'run',
      'RUN cat': 'run',
    },
    {documented: {'RUN <<': 'run', 'RUN cat': 'run'}},
  ),
  row(
    'the end mark of a heredoc changes',
    'FROM busybox\nRUN <<EOF\necho one > /one\nEOF\nRUN cat /one > /two\n',
    [['EOF', 'END']],
    {
      'RUN <<': 'hit',
      'RUN cat': 'hit',
    },
    {documented: {'RUN <<': 'hit', 'RUN cat': 'hit'}},
  ),
  row(
    'a heredoc is indented, and says so',
    'FROM busybox\nRUN <<EOF\necho one > /one\nEOF\nRUN cat /one > /two\n',
    [['<<EOF\necho one > /one\nEOF', '<<-EOF\n\techo one > /one\n\tEOF']],
    {'RUN <<': 'hit', 'RUN cat': 'hit'},
    {documented: {'RUN <<': 'hit', 'RUN cat': 'hit'}},
  ),
  row(
    'the end mark of a heredoc gets quotes',
    'FROM busybox\nRUN <<EOF\necho one > /one\nEOF\nRUN cat /one > /two\n',
    [['<<EOF', '<<"EOF"']],
    {'RUN <<': 'hit', 'RUN cat': 'hit'},
    {documented: {'RUN <<': 'hit', 'RUN cat': 'hit'}},
  ),
  row(
    'a heredoc that a command reads changes',
    'FROM busybox\nRUN cat <<EOF > /one\none\nEOF\nRUN cat /one > /two\n',
    [['\none\n', '\n1\n']],
    {'RUN cat <<': 'run', 'RUN cat /one': 'run'},
    {documented: {'RUN cat <<': 'run', 'RUN cat /one': 'run'}},
  ),
  row('a command changes', one, [['echo one', 'echo 1']], run),
  row(
    'two steps that do not need each other change places',
    'FROM busybox\nRUN echo 1 > /a\nRUN echo 2 > /b\n',
    [['RUN echo 1 > /a\nRUN echo 2 > /b', 'RUN echo 2 > /b\nRUN echo 1 > /a']],
    {'RUN echo 1': 'run', 'RUN echo 2': 'run'},
  ),
  row('a step is added at the end', one, [['> /two\n', '> /two\nRUN echo three\n']], {
    ...hit,
    'RUN echo three': 'run',
  }),
  row('a step is added at the beginning', one, [['RUN echo', 'RUN true\nRUN echo']], {
    'RUN true': 'run',
    ...run,
  }),
  placed('the Dockerfile gets another name', {
    dockerfileAt: 'Containerfile',
    flags: ['-f', '{{CONTEXT}}/Containerfile'],
  }),
  placed('the Dockerfile lies in a directory', {
    dockerfileAt: 'docker/Dockerfile',
    flags: ['-f', '{{CONTEXT}}/docker/Dockerfile'],
  }),
  placed('the Dockerfile comes on standard input', {input: 'dockerfile', flags: ['-f', '-']}),
  {
    ...placed('a comment is added to a Dockerfile that is copied, too', {
      dockerfile: [['FROM', '# why\nFROM']],
    }),
    dockerfile: 'FROM busybox\nCOPY . /one/\nRUN cat /one/a > /two\n',
    after: {COPY: 'run', RUN: 'run'},
  },
  row('the last step is removed', one, [['RUN cat /one > /two\n', '']], {'RUN echo': 'hit'}),
];

/** What an image says of itself, before steps that do not see it. */
const settings = [
  ['LABEL', 'LABEL a=1', 'LABEL a=2'],
  ['CMD', 'CMD ["a"]', 'CMD ["b"]'],
  ['ENTRYPOINT', 'ENTRYPOINT ["a"]', 'ENTRYPOINT ["b"]'],
  ['EXPOSE', 'EXPOSE 80', 'EXPOSE 81'],
  ['VOLUME', 'VOLUME /v', 'VOLUME /w'],
  ['STOPSIGNAL', 'STOPSIGNAL SIGINT', 'STOPSIGNAL SIGTERM'],
  ['HEALTHCHECK', 'HEALTHCHECK CMD true', 'HEALTHCHECK --interval=9s CMD true'],
  ['ONBUILD', 'ONBUILD RUN true', 'ONBUILD RUN false'],
  ['MAINTAINER', 'MAINTAINER me', 'MAINTAINER you'],
].map(([keyword, before, after]) => ({
  group: 'What an image says of itself',
  name: `${keyword} changes`,
  dockerfile: one.replace('RUN echo', `${before}\nRUN echo`),
  edit: {dockerfile: [[before, after]]},
  after: hit,
}));

const orders = [
  ['LABEL and EXPOSE', 'LABEL a=1\nEXPOSE 80', 'EXPOSE 80\nLABEL a=1'],
  [
    'STOPSIGNAL and a step',
    'STOPSIGNAL SIGINT\nRUN echo one > /one',
    'RUN echo one > /one\nSTOPSIGNAL SIGINT',
  ],
  ['CMD and ENV', 'CMD ["a"]\nENV A=1', 'ENV A=1\nCMD ["a"]'],
].map(([what, before, after]) => ({
  group: 'What an image says of itself',
  name: `${what} change places`,
  dockerfile: before.includes('RUN')
    ? one.replace('RUN echo one > /one', before)
    : one.replace('RUN echo', `${before}\nRUN echo`),
  edit: {dockerfile: [[before, after]]},
  after: hit,
}));

function surrounding(name, dockerfile, edit, after, more = {}) {
  return {group: 'What a step sees', name, dockerfile, edit: {dockerfile: edit}, after, ...more};
}

const start = (line) => one.replace('RUN echo', `${line}\nRUN echo`);
const surroundings = [
  surrounding('ENV changes', start('ENV A=1'), [['A=1', 'A=2']], run),
  surrounding('ENV in its old form', start('ENV A=1'), [['A=1', 'A 1']], hit),
  surrounding('ENV with quotes', start('ENV A=1'), [['A=1', 'A="1"']], hit),
  surrounding('ENV variables change places', start('ENV A=1 B=2'), [['A=1 B=2', 'B=2 A=1']], run),
  surrounding('one ENV becomes two', start('ENV A=1 B=2'), [['A=1 B=2', 'A=1\nENV B=2']], hit),
  surrounding('ENV after a step changes', one.replace('RUN cat', 'ENV A=1\nRUN cat'), [['A=1', 'A=2']], {
    'RUN echo': 'hit',
    'RUN cat': 'run',
  }),
  surrounding(
    'USER changes',
    start('USER 1').replaceAll('/one', '/tmp/one').replaceAll('/two', '/tmp/two'),
    [['USER 1', 'USER 2']],
    run,
  ),
  surrounding('SHELL changes', start('SHELL ["/bin/sh", "-c"]'), [['"-c"', '"-ec"']], {
    'RUN echo': 'run',
    'RUN cat': 'run',
  }),
  surrounding('WORKDIR changes', start('WORKDIR /w'), [['/w', '/v']], {WORKDIR: 'run', ...run}),
  surrounding('WORKDIR with a slash more', start('WORKDIR /w'), [['/w', '/w/']], {WORKDIR: 'hit', ...run}),
  surrounding('ARG default changes, nothing uses it', start('ARG A=1'), [['A=1', 'A=2']], {
    'RUN echo': 'run',
    'RUN cat': 'run',
  }),
  surrounding('ARG after the last step is added', one, [['> /two\n', '> /two\nARG A=1\n']], hit),
];

function flagged(name, dockerfile, flags, later, after, more = {}) {
  return {group: 'Flags of the command', name, dockerfile, flags, edit: {flags: later}, after, ...more};
}

const argued = start('ARG A').replace('echo one', 'echo $A');
const flags = [
  flagged('a build argument changes', argued, ['--build-arg', 'A=1'], ['--build-arg', 'A=2'], run),
  flagged('a build argument says what is the default', start('ARG A=1'), [], ['--build-arg', 'A=1'], hit),
  flagged('a build argument that nothing declares', one, [], ['--build-arg', 'A=1'], hit),
  flagged('a proxy', one, [], ['--build-arg', 'HTTP_PROXY=http://127.0.0.1:1'], hit),
  flagged('the platform that it is anyway', one, [], ['--platform', '{{PLATFORM}}'], hit),
  flagged('a secret that no step mounts', one, [], ['--secret', 'id=s,src={{CONTEXT}}/Dockerfile'], hit),
  flagged(
    'the last stage as the target',
    one.replace('FROM busybox', 'FROM busybox AS last'),
    [],
    ['--target', 'last'],
    hit,
  ),
  flagged('the directory that the result goes to', one, [], ['-o', 'type=local,dest={{CONTEXT}}-out'], hit),
  flagged('a hostname', one, [], ['--build-arg', 'BUILDKIT_SANDBOX_HOSTNAME=h'], run, {documented: run}),
  {
    ...flagged('a time zone and a language of the caller', one, [], [], hit),
    edit: {env: {TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8'}},
  },
  flagged('a label', one, [], ['--label', 'a=1'], hit),
  flagged('a name of the image', one, [], ['-t', 'scenario:two'], hit),
  flagged(
    'an address of an extra host',
    one,
    ['--add-host', 'h:10.0.0.1'],
    ['--add-host', 'h:10.0.0.2'],
    hit,
  ),
  flagged('a name of an extra host', one, ['--add-host', 'h:10.0.0.1'], ['--add-host', 'g:10.0.0.1'], run),
  flagged('the network', one, [], ['--network', 'none'], run),
  flagged('the size of /dev/shm', one, [], ['--shm-size', '32m'], run, {documented: run}),
  flagged('a ulimit', one, [], ['--ulimit', 'nofile=99:99'], run, {documented: run}),
  flagged(
    'SOURCE_DATE_EPOCH, which dates what WORKDIR makes',
    start('WORKDIR /w'),
    [],
    ['--build-arg', 'SOURCE_DATE_EPOCH=1'],
    {WORKDIR: 'run', ...run},
    {
      documented: {WORKDIR: 'run', ...run},
    },
  ),
  flagged(
    'the platform, of files only',
    'FROM scratch\nCOPY a /a\n',
    [],
    ['--platform', 'linux/arm64'],
    {COPY: 'hit'},
    {
      files: {a: '1\n'},
    },
  ),
  flagged(
    'one platform more, of steps that run on the machine that builds',
    'FROM --platform=$BUILDPLATFORM busybox AS build\nRUN echo one > /one\nFROM scratch\nCOPY --from=build /one /one\n',
    ['--platform', 'linux/amd64'],
    ['--platform', 'linux/amd64,linux/arm64'],
    {RUN: 'hit', COPY: 'hit'},
    {documented: {RUN: 'hit', COPY: 'hit'}},
  ),
  flagged(
    '--no-cache-filter of the first stage',
    'FROM busybox AS a\nRUN echo one > /one\nFROM a\nRUN cat /one > /two\n',
    [],
    ['--no-cache-filter', 'a'],
    {
      'RUN echo': 'run',
      'RUN cat': 'hit',
    },
    {documented: {'RUN echo': 'run', 'RUN cat': 'run'}},
  ),
];

export const textRows = [...writing, ...settings, ...orders, ...surroundings, ...flags];
