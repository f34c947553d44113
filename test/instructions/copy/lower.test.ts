import {describe, expect, it} from 'vitest';
import type {CopyAction} from '../../../src/graph/op.ts';
import {fileOf, historyOf, namesOf, planOf, problemsOf} from '../../plan/plan-of.ts';

async function copyOf(line: string, before = ''): Promise<CopyAction> {
  const [action] = fileOf(await planOf(`FROM busybox\n${before}\n${line}`)).actions;
  if (action?.type !== 'copy') throw new Error('no copy');
  return action;
}

describe('COPY', () => {
  it('A62: the destination is below the working directory, a slash at its end stays', async () => {
    expect((await copyOf('COPY a b/', 'WORKDIR /w')).destination).toBe('/w/b/');
    expect((await copyOf('COPY a .', 'WORKDIR /w')).destination).toBe('/w/');
    expect((await copyOf('COPY a /x/../b')).destination).toBe('/b');
  });

  it('A26: sources, destination, owner and mode are expanded, also in the JSON form', async () => {
    const before = 'ENV d=/d u=me m=644';
    const action = await copyOf('COPY --chown=$u --chmod=$m ["a $u", "$d/b"]', before);
    expect(action).toMatchObject({
      sources: [{path: '/a me', wildcard: false}],
      destination: '/d/b',
      owner: 'me',
      mode: 0o644,
    });
  });

  it('the owner root is the number 0, so that both are one key; other names stay', async () => {
    expect((await copyOf('COPY --chown=root a b')).owner).toBe('0');
    expect((await copyOf('COPY --chown=root:root a b')).owner).toBe('0:0');
    expect((await copyOf('COPY --chown=me:root a b')).owner).toBe('me:0');
    expect((await copyOf('COPY --chown=roots:wheel a b')).owner).toBe('roots:wheel');
  });

  it('A65: several sources are one layer', async () => {
    const plan = await planOf('FROM busybox\nCOPY a b* c /d/');
    expect(fileOf(plan).actions).toMatchObject([
      {
        sources: [
          {path: '/a', wildcard: false},
          {path: '/b*', wildcard: true},
          {path: '/c', wildcard: false},
        ],
      },
    ]);
    expect(historyOf(plan)).toEqual(['COPY a b* c /d/ # buildkit']);
  });

  it('A67: sources stay inside the context', async () => {
    expect((await copyOf('COPY ../../a/ /b')).sources).toEqual([{path: '/a', wildcard: false}]);
  });

  it('A71: the context is read under its own name, once', async () => {
    expect(namesOf(await planOf('FROM scratch\nCOPY a /a\nCOPY b /b'))).toEqual([
      '[internal] load build context',
      '[1/2] COPY a /a',
      '[2/2] COPY b /b',
    ]);
  });

  it.each([
    ['644', 0o644],
    ['0755', 0o755],
    ['7777', 0o7777],
    ['u=rwX,go=rX', 'u=rwX,go=rX'],
    ['a+x', 'a+x'],
    ['+t', '+t'],
  ])('A75: --chmod=%s', async (text, mode) => {
    expect((await copyOf(`COPY --chmod=${text} a b`)).mode).toBe(mode);
  });

  it.each(['64a', '10000', '888', 'z+x', 'u+'.concat('k')])('A75: --chmod=%s is refused', async (text) => {
    expect(await problemsOf(`FROM busybox\nCOPY --chmod=${text} a b`)).toEqual([
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    ]);
  });

  it('A76: --link is a layer on nothing, merged on top', async () => {
    const plan = await planOf('FROM busybox\nCOPY --link a /b');
    expect(plan.vertex?.op).toEqual({kind: 'merge'});
    const [below, layer] = plan.vertex?.inputs ?? [];
    expect(below?.op.kind).toBe('source');
    expect(layer?.op).toMatchObject({kind: 'file', base: -1});
    expect(plan.vertex?.origin.name).toBe('[2/2] LINK COPY --link a /b');
    expect(layer?.origin.name).toBe('[2/2] COPY --link a /b');
    expect(historyOf(plan)).toEqual(['COPY a /b # buildkit']);
  });

  it('A76: --link with --chmod, or on scratch, is an ordinary copy', async () => {
    expect(fileOf(await planOf('FROM busybox\nCOPY --link --chmod=644 a /b')).base).toBe(0);
    expect(fileOf(await planOf('FROM scratch\nCOPY --link a /b')).base).toBe(-1);
  });

  it.each([
    ['/a/b/c', '/a/b/c', false],
    ['a/./b/c', '/a/./b/c', false],
    ['./b/c', '/b/c', false],
    ['a/*/./b/../c', '/a/*/./c', true],
    ['/./x', '/./x', false],
  ])('A77: --parents %s', async (source, path, wildcard) => {
    expect(await copyOf(`COPY --parents ${source} /d/`)).toMatchObject({
      parents: true,
      sources: [{path, wildcard}],
    });
  });

  it('A78: --exclude is not expanded', async () => {
    const action = await copyOf('COPY --exclude=*.md --exclude=$x . .', 'ENV x=1');
    expect(action.excludes).toEqual(['*.md', '$x']);
  });

  it('A79: --from is a stage by name or number, a named context, or an image', async () => {
    const text =
      'FROM alpine AS a\nRUN x\nFROM scratch\nCOPY --from=A /1 /\nCOPY --from=0 /2 /\nCOPY --from=debian:12 /3 /';
    const plan = await planOf(text);
    expect(namesOf(plan)).toEqual([
      expect.stringMatching(/^\[a 1\/2\] FROM docker\.io\/library\/alpine:latest@/),
      '[a 2/2] RUN x',
      '[stage-1 1/3] COPY --from=A /1 /',
      '[stage-1 2/3] COPY --from=0 /2 /',
      expect.stringMatching(/^FROM docker\.io\/library\/debian:12@/),
      '[stage-1 3/3] COPY --from=debian:12 /3 /',
    ]);
  });

  it('A79: --from=scratch is an empty file system', async () => {
    const plan = await planOf('FROM busybox\nCOPY --from=scratch / /x');
    expect(fileOf(plan).actions[0]).toMatchObject({input: -1});
  });

  it('A79: --from takes no variables', async () => {
    expect(await problemsOf('FROM busybox\nCOPY --from=$x a b')).toEqual([
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope ' +
        'as a workaround',
    ]);
  });

  it('A79: an index that is no stage is an error', async () => {
    expect(await problemsOf('FROM busybox\nCOPY --from=3 a b')).toEqual(['invalid stage index 3']);
  });

  it('A79: an image name that is none is an error', async () => {
    expect(await problemsOf('FROM busybox\nCOPY --from=a::b a b')).toEqual([
      'failed to parse stage name "a::b": invalid reference format',
    ]);
  });

  it('A24: heredocs become files, the unquoted ones expanded with their quotes left', async () => {
    const text = 'FROM scratch\nARG x=1\nCOPY a <<one <<"two" /d/\nsay "$x" \\$x\none\nsay "$x"\ntwo\n';
    const plan = await planOf(text);
    expect(fileOf(plan).actions).toMatchObject([
      {type: 'copy', sources: [{path: '/a'}], destination: '/d/'},
      {type: 'make-file', destination: '/d/', name: 'one', content: 'say "1" $x\n'},
      {type: 'make-file', destination: '/d/', name: 'two', content: 'say "$x"\n'},
    ]);
    expect(historyOf(plan).at(-1)).toBe('COPY a <<one <<two /d/ # buildkit');
  });

  it('A24: --chmod and --chown are for heredocs, too', async () => {
    const plan = await planOf('FROM scratch\nCOPY --chmod=700 --chown=1:2 <<x /y\nbody\nx');
    expect(fileOf(plan).actions[0]).toMatchObject({mode: 0o700, owner: '1:2'});
  });

  it('A80: history tells parents, owner and mode, in this order, and neither --from nor --link', async () => {
    const text = 'FROM scratch\nCOPY --link --chmod=1 --from=scratch --chown=2 --parents a b';
    expect(historyOf(await planOf(text))).toEqual(['COPY --parents --chown=2 --chmod=1 a b # buildkit']);
  });

  it.each([
    ['https://example.com/x', "source can't be a URL for COPY"],
    ['https://example.com/x.git', "source can't be a git ref for COPY"],
    ['git@example.com:x', "source can't be a git ref for COPY"],
  ])('A86: of %s is an error', async (source, message) => {
    expect(await problemsOf(`FROM scratch\nCOPY ${source} /`)).toEqual([message]);
  });

  it('a step that must not be taken from the cache says so', async () => {
    const plan = await planOf('FROM busybox\nCOPY a b', {noCache: true});
    expect(plan.vertex?.origin.ignoreCache).toBe(true);
  });
});
