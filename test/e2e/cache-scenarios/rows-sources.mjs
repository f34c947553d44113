// Edits of what is not in the build context: files at URLs, repositories, named contexts.

const both = (keyword, verdict) => ({[keyword]: verdict, RUN: verdict});

/** Rows on a Dockerfile whose only instruction besides RUN is `line`. */
function fetching(name, line, edit, verdict, more = {}) {
  const dockerfile = `FROM busybox\n${line}\nRUN ls -lR /d > /out\n`;
  const [keyword] = line.split(' ');
  const {documented, ...rest} = more;
  return {
    group: 'Sources from elsewhere',
    name,
    dockerfile,
    edit,
    after: both(keyword, verdict),
    ...(documented === undefined ? {} : {documented: both(keyword, documented)}),
    ...rest,
  };
}

const url = 'ADD {{URL}}/x /d/x';
const ofOne = 'sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865';
const served = {x: '1\n'};
// ETags of their own: BuildKit takes them for those of all files of one name.
const urls = [
  fetching('a file at a URL is the same', url, {}, 'hit', {served}),
  fetching('a file at a URL is the same, says its ETag', url, {}, 'hit', {
    served: {x: {text: '1\n', etag: '"same"'}},
  }),
  fetching(
    'a file at a URL has another ETag and the same bytes',
    url,
    {served: {x: {text: '1\n', etag: '"new"'}}},
    'hit',
    {served: {x: {text: '1\n', etag: '"old"'}}},
  ),
  fetching('a file at a URL changes', url, {served: {x: '2\n'}}, 'run', {served}),
  fetching(
    'a file at a URL changes, with its ETag',
    url,
    {served: {x: {text: '2\n', etag: '"second"'}}},
    'run',
    {
      served: {x: {text: '1\n', etag: '"first"'}},
    },
  ),
  fetching(
    'a file at a URL is newer',
    url,
    {served: {x: {text: '1\n', 'last-modified': 'Thu, 02 Jan 2020 00:00:00 GMT'}}},
    'hit',
    {served: {x: {text: '1\n', 'last-modified': 'Wed, 01 Jan 2020 00:00:00 GMT'}}},
  ),
  fetching(
    'another file of that name lies at another URL, with the same ETag',
    'ADD {{URL}}/a/x /d/x',
    {dockerfile: [['/a/x', '/b/x']]},
    'run',
    {
      served: {'a/x': {text: '1\n', etag: '"shared"'}, 'b/x': {text: '2\n', etag: '"shared"'}},
      wrong: true,
    },
  ),
  fetching(
    'the same file lies at another URL',
    'ADD {{URL}}/a/x /d/x',
    {dockerfile: [['/a/x', '/b/x']]},
    'hit',
    {
      served: {'a/x': '1\n', 'b/x': '1\n'},
    },
  ),
  fetching(
    '--checksum of the same file is added',
    url,
    {dockerfile: [['ADD ', `ADD --checksum=${ofOne} `]]},
    'hit',
    {
      served,
      documented: 'hit',
    },
  ),
  fetching(
    '--checksum of the same file is removed',
    `ADD --checksum=${ofOne} {{URL}}/x /d/x`,
    {
      dockerfile: [[`--checksum=${ofOne} `, '']],
    },
    'hit',
    {served, documented: 'hit'},
  ),
];

const repository = 'ADD {{GIT}}#main /d/';
const git = [{files: {f: '1\n', 'sub/g': '1\n'}, tag: 'v1'}];
const repositories = [
  fetching('a repository is as it was', repository, {}, 'hit', {git, documented: 'hit'}),
  fetching('a branch moves on', repository, {git: [{files: {f: '2\n'}}]}, 'run', {git, documented: 'run'}),
  fetching('a branch moves on without a change of its files', repository, {git: [{files: {}}]}, 'hit', {
    git,
    documented: 'hit',
  }),
  fetching('another branch moves on', repository, {git: [{files: {f: '2\n'}, branch: 'other'}]}, 'hit', {
    git,
    documented: 'hit',
  }),
  fetching('the same commit by a tag', repository, {dockerfile: [['#main', '#v1']]}, 'hit', {
    git,
    documented: 'hit',
  }),
  fetching(
    'a branch moves on, not in the directory that is taken',
    'ADD {{GIT}}#main:sub /d/',
    {git: [{files: {f: '2\n'}}]},
    'hit',
    {git, documented: 'hit'},
  ),
  fetching('.git is kept', repository, {dockerfile: [['ADD ', 'ADD --keep-git-dir=true ']]}, 'run', {
    git,
    documented: 'run',
  }),
];

const lib = 'COPY --from=lib /a /d/';
const directory = (path) => ['--build-context', `lib={{CONTEXT}}/${path}`];
const layout = ['--build-context', 'lib=oci-layout://{{CONTEXT}}-layout:latest'];
const moving = ['--pull', '--build-context', 'lib=docker-image://{{MOVING}}'];
const files = {'lib/a': '1\n', 'lib/b': '2\n'};
const named = [
  fetching('a named context is as it was', lib, {}, 'hit', {
    files,
    flags: directory('lib'),
    documented: 'hit',
  }),
  fetching('a file of a named context is touched', lib, {touch: ['lib/a']}, 'hit', {
    files,
    flags: directory('lib'),
    documented: 'hit',
  }),
  fetching('a file of a named context changes', lib, {write: {'lib/a': '9\n'}}, 'run', {
    files,
    flags: directory('lib'),
    documented: 'run',
  }),
  fetching('another file of a named context changes', lib, {write: {'lib/b': '9\n'}}, 'hit', {
    files,
    flags: directory('lib'),
    documented: 'hit',
  }),
  fetching(
    'a named context is another directory with the same file',
    lib,
    {
      rename: [['lib', 'dir']],
      flags: directory('dir'),
    },
    'hit',
    {files, flags: directory('lib'), documented: 'hit'},
  ),
  fetching(
    'a named context is called otherwise',
    lib,
    {
      dockerfile: [['=lib', '=other']],
      flags: ['--build-context', 'other={{CONTEXT}}/lib'],
    },
    'hit',
    {files, flags: directory('lib'), documented: 'hit'},
  ),
  fetching('a named context that nothing uses changes', 'COPY a /d/', {write: {'lib/a': '9\n'}}, 'hit', {
    files: {...files, a: '1\n'},
    flags: directory('lib'),
    documented: 'hit',
  }),
  fetching(
    'the image of a named context is another one',
    'COPY --from=lib /version /d/',
    {base: {version: '2'}},
    'run',
    {
      base: {version: '1'},
      flags: moving,
      documented: 'run',
    },
  ),
  fetching(
    'the image of a named context says other things of itself',
    'COPY --from=lib /version /d/',
    {
      base: {version: '1', config: {Labels: {a: '2'}}},
    },
    'hit',
    {base: {version: '1', config: {Labels: {a: '1'}}}, flags: moving, documented: 'hit'},
  ),
  fetching('the OCI layout of a named context has another file', lib, {layout: {a: '9\n'}}, 'run', {
    layout: {a: '1\n'},
    flags: layout,
    documented: 'run',
  }),
  fetching(
    'the OCI layout of a named context has one file more',
    lib,
    {layout: {a: '1\n', b: '2\n'}},
    'hit',
    {
      layout: {a: '1\n'},
      flags: layout,
      documented: 'hit',
    },
  ),
];

export const sourceRows = [...urls, ...repositories, ...named];
