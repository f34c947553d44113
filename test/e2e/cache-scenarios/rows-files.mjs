// Edits of files of the build context, and of how COPY and ADD speak of them.

const plain = 'FROM busybox\nCOPY src /src\nRUN cat /src/a > /out\n';
const files = {'src/a': '1\n', 'src/b': '2\n'};
const hit = {'COPY src': 'hit', RUN: 'hit'};
const run = {'COPY src': 'run', RUN: 'run'};

/** One row on the plain Dockerfile. */
function row(name, edit, after, more = {}) {
  return {group: 'Files of the context', name, dockerfile: plain, files, edit, after, ...more};
}

const context = [
  row('nothing', {}, hit),
  row('a file is touched', {touch: ['src/a']}, hit),
  row('a file becomes older than it was', {age: ['src/a']}, hit),
  row('a file is written again with the same bytes', {rewrite: ['src/a']}, hit),
  row('a file changes', {write: {'src/a': '9\n'}}, run),
  row('a file changes, its size and time do not', {write: {'src/a': '9\n'}, sameTimes: true}, run, {
    wrong: true,
  }),
  row('a file becomes executable', {chmod: [['src/a', 0o755]]}, run),
  row('a file becomes set-user-ID', {chmod: [['src/a', 0o4755]]}, run),
  row('a file gets another owner on the host', {chown: ['src/a']}, hit),
  row('a file gets an attribute', {attribute: [['src/a', 'user.note']]}, hit),
  row('a file becomes another name of one with the same bytes', {hardLink: [['src/a', 'src/b']]}, hit, {
    files: {'src/a': '1\n', 'src/b': '1\n'},
  }),
  row('a file is renamed', {rename: [['src/b', 'src/c']]}, run),
  row('a name gets a capital letter', {rename: [['src/b', 'src/B']]}, run),
  row('a file is added', {write: {'src/c': '3\n'}}, run),
  row('a file is removed', {remove: ['src/b']}, run),
  row('an empty directory is added', {write: {'src/empty/': ''}}, run),
  row('the directory gets another mode', {chmod: [['src', 0o700]]}, hit),
  row('the directory is touched', {touch: ['src']}, hit),
  row('a file is added that nothing copies', {write: {'notes.txt': 'x\n'}}, hit),
  row('a symlink is added', {link: {'src/l': 'a'}}, run),
  row('a symlink gets another target', {link: {'src/l': 'b'}}, run, {links: {'src/l': 'a'}}),
  row('a file becomes a symlink to the same bytes', {remove: ['src/b'], link: {'src/b': '../same'}}, run, {
    files: {...files, same: '2\n'},
  }),
  row('a file beside a symlink to itself is touched', {touch: ['src/a']}, hit, {links: {'src/l': 'l'}}),
  row('two symlinks to each other become symlinks to themselves', {link: {'src/l': 'l', 'src/m': 'm'}}, run, {
    links: {'src/l': 'm', 'src/m': 'l'},
  }),
  row('the whole context is in another directory', {moveContext: true}, hit),
  row('the whole context comes on standard input', {input: 'context'}, hit),
];

const ignored = {...files, '.dockerignore': '*.log\nsrc/tmp\n'};
const ignore = [
  row('an ignored file is added', {write: {'src/tmp/x': '1\n', 'x.log': '1\n'}}, hit, {files: ignored}),
  row('an ignored file changes', {write: {'src/tmp/x': '2\n'}}, hit, {
    files: {...ignored, 'src/tmp/x': '1\n'},
  }),
  row(
    '.dockerignore gets a pattern that matches nothing',
    {write: {'.dockerignore': '*.log\nsrc/tmp\n*.bak\n'}},
    hit,
    {
      files: ignored,
    },
  ),
  row('.dockerignore gets a comment', {write: {'.dockerignore': '# logs\n*.log\nsrc/tmp\n'}}, hit, {
    files: ignored,
  }),
  row('.dockerignore excludes one more file', {write: {'.dockerignore': '*.log\nsrc/tmp\nsrc/b\n'}}, run, {
    files: ignored,
  }),
  row('.dockerignore excludes no longer what is there', {write: {'.dockerignore': '*.log\n'}}, run, {
    files: {...ignored, 'src/tmp/x': '1\n'},
  }),
].map((each) => ({...each, group: 'Ignore files'}));

/** One row on a Dockerfile whose only copy is `copy`. */
function copying(name, copy, edit, after, more = {}) {
  const dockerfile = `FROM busybox\n${copy}\nRUN ls -lR /d > /out\n`;
  return {group: 'COPY and ADD', name, dockerfile, files, edit, after, ...more};
}

const both = (keyword, verdict) => ({[keyword]: verdict, RUN: verdict});

const copies = [
  copying(
    'a directory is renamed, in the context and in COPY',
    'COPY src /d/',
    {
      rename: [['src', 'source']],
      dockerfile: [['COPY src', 'COPY source']],
    },
    both('COPY', 'hit'),
  ),
  copying(
    'a directory moves, in the context and in COPY',
    'COPY one/src /d/',
    {
      rename: [['one', 'two']],
      dockerfile: [['one/src', 'two/src']],
    },
    both('COPY', 'hit'),
    {files: {'one/src/a': '1\n'}},
  ),
  copying(
    'a copied file is renamed, in the context and in COPY',
    'COPY src/a /d/x',
    {
      rename: [['src/a', 'src/z']],
      dockerfile: [['src/a', 'src/z']],
    },
    {COPY: 'run', RUN: 'hit'},
  ),
  copying(
    'a wildcard matches one file more',
    'COPY src/* /d/',
    {write: {'src/c': '3\n'}},
    both('COPY', 'run'),
  ),
  copying(
    'a file is added that the wildcard does not match',
    'COPY src/a* /d/',
    {
      write: {'src/c': '3\n'},
    },
    both('COPY', 'hit'),
  ),
  copying(
    'a wildcard becomes the name of the file it matches',
    'COPY src/a* /d/',
    {
      dockerfile: [['src/a*', 'src/a']],
    },
    both('COPY', 'hit'),
  ),
  copying(
    'the destination changes',
    'COPY src /d/',
    {dockerfile: [['COPY src /d/', 'COPY src /d/e/']]},
    both('COPY', 'run'),
  ),
  copying(
    'the destination is written in another way',
    'COPY src /d/',
    {dockerfile: [['COPY src /d/', 'COPY src /d/./']]},
    both('COPY', 'hit'),
  ),
  copying(
    '--chown says what is so anyway',
    'COPY src /d/',
    {
      dockerfile: [['COPY src', 'COPY --chown=0:0 src']],
    },
    {COPY: 'run', RUN: 'hit'},
  ),
  copying(
    '--chown changes the owner',
    'COPY --chown=1:1 src /d/',
    {dockerfile: [['1:1', '2:2']]},
    both('COPY', 'run'),
  ),
  copying(
    '--chmod says what is so anyway',
    'COPY src/a /d',
    {
      dockerfile: [['COPY src', 'COPY --chmod=644 src']],
    },
    {COPY: 'run', RUN: 'hit'},
  ),
  copying(
    '--chmod changes',
    'COPY --chmod=600 src/a /d/a',
    {dockerfile: [['600', '640']]},
    both('COPY', 'run'),
  ),
  copying(
    'a file under --exclude changes',
    'COPY --exclude=*.md src /d/',
    {write: {'src/r.md': '2\n'}},
    both('COPY', 'hit'),
    {
      files: {...files, 'src/r.md': '1\n'},
      documented: both('COPY', 'hit'),
    },
  ),
  copying(
    '--exclude gets a pattern that excludes nothing',
    'COPY --exclude=*.md src /d/',
    {
      dockerfile: [['--exclude=*.md', '--exclude=*.md --exclude=*.bak']],
    },
    both('COPY', 'hit'),
    {documented: both('COPY', 'run')},
  ),
  copying(
    '--parents: a file beside the copied one changes',
    'COPY --parents src/a /d/',
    {write: {'src/b': '9\n'}},
    both('COPY', 'hit'),
    {
      documented: both('COPY', 'hit'),
    },
  ),
  copying(
    '--parents: the copied file changes',
    'COPY --parents src/a /d/',
    {write: {'src/a': '9\n'}},
    both('COPY', 'run'),
    {
      documented: both('COPY', 'run'),
    },
  ),
  copying(
    '--link is added',
    'COPY src /d/',
    {dockerfile: [['COPY src', 'COPY --link src']]},
    both('COPY', 'run'),
    {
      documented: both('COPY', 'run'),
    },
  ),
  copying(
    'a heredoc of COPY changes',
    'COPY <<x /d/x\none\nx',
    {dockerfile: [['one', 'two']]},
    both('COPY', 'run'),
    {
      documented: both('COPY', 'run'),
    },
  ),
  copying(
    'the end mark of a heredoc of COPY changes, its name does not',
    'COPY <<"x" /d/x\none\nx',
    {
      dockerfile: [['<<"x"', '<<x']],
    },
    both('COPY', 'hit'),
    {documented: both('COPY', 'hit')},
  ),
  copying(
    '--chown in letters instead of numbers',
    'COPY --chown=0:0 src /d/',
    {dockerfile: [['0:0', 'root:root']]},
    both('COPY', 'hit'),
  ),
  copying(
    '--chmod in letters instead of numbers',
    'COPY --chmod=644 src/a /d',
    {dockerfile: [['644', 'u=rw,go=r']]},
    {COPY: 'run', RUN: 'hit'},
    {documented: both('COPY', 'run')},
  ),
  copying(
    '--exclude excludes another file',
    'COPY --exclude=b src /d/',
    {dockerfile: [['=b', '=a']]},
    both('COPY', 'run'),
    {documented: both('COPY', 'run')},
  ),
  copying(
    '--parents: the path that is kept becomes shorter',
    'COPY --parents src/a /d/',
    {dockerfile: [['src/a', 'src/./a']]},
    both('COPY', 'run'),
    {documented: both('COPY', 'run')},
  ),
  copying(
    'two sources change places',
    'COPY src/a src/b /d/',
    {dockerfile: [['src/a src/b', 'src/b src/a']]},
    {COPY: 'run', RUN: 'hit'},
  ),
  copying(
    'the name of a heredoc of COPY changes',
    'COPY <<x /d/\none\nx',
    {
      dockerfile: [
        ['<<x', '<<y'],
        ['one\nx', 'one\ny'],
      ],
    },
    both('COPY', 'run'),
    {documented: both('COPY', 'run')},
  ),
  copying(
    'an argument that a heredoc of COPY shows changes',
    'ARG A=1\nCOPY <<x /d/x\n$A\nx',
    {dockerfile: [['A=1', 'A=2']]},
    both('COPY', 'run'),
    {documented: both('COPY', 'run')},
  ),
  copying(
    'a heredoc of COPY is indented, and says so',
    'COPY <<x /d/x\none\nx',
    {dockerfile: [['<<x /d/x\none\nx', '<<-x /d/x\n\tone\n\tx']]},
    both('COPY', 'hit'),
    {documented: both('COPY', 'hit')},
  ),
  copying(
    'ADD instead of COPY of a plain file',
    'COPY src/a /d/a',
    {dockerfile: [['COPY', 'ADD']]},
    both('ADD', 'run'),
  ),
];

export const fileRows = [...context, ...ignore, ...copies];
