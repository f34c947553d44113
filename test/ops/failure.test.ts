import {describe, expect, it} from 'vitest';
import {BuildError, buildError} from '../../src/diagnostics/build-error.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import {type Vertex, vertex} from '../../src/graph/vertex.ts';
import {HelperError} from '../../src/helper/helper.ts';
import {located} from '../../src/ops/failure.ts';
import {execOf, planOf} from '../plan/plan-of.ts';

const file = sourceFile('Dockerfile', 'FROM a\nRUN b');
const span = {line: 2, column: 0, endLine: 2, endColumn: 5};
const step: Vertex = vertex({kind: 'merge'}, [], {name: 'RUN b', span});
const execOp = async () => execOf(await planOf('FROM scratch\nRUN x'));
const context = {
  step: 's',
  signal: new AbortController().signal,
  output: () => {},
  note: () => {},
  used: () => {},
  volatile: () => {},
  unchanged: () => {},
};

async function failing(error: unknown, of: Vertex = step): Promise<unknown> {
  const runner = located(
    {cacheMap: () => ({opKey: '', inputs: []}), exec: () => Promise.reject(error)},
    file,
  );
  return runner.exec(of, [], context).catch((thrown: unknown) => thrown);
}

describe('located', () => {
  it('gives a failure the place of its instruction', async () => {
    const failure = await failing(buildError('step', 'exec-exit-nonzero', 'exit code: 1'));
    expect(failure).toBeInstanceOf(BuildError);
    expect(failure).toMatchObject({kind: 'step', diagnostics: [{span, file}]});
  });

  it('says what a program may be that the kernel does not take', async () => {
    const failure = await failing(new HelperError('exec', 8, '/bin/sh', 'exec format error'));
    expect(failure).toMatchObject({
      kind: 'step',
      diagnostics: [{hints: [expect.stringMatching(/for another kind of machine/)]}],
    });
  });

  it('leaves a place that is known already', async () => {
    const own = {line: 1, column: 0, endLine: 1, endColumn: 1};
    expect(await failing(buildError('user', 'c', 'm', {span: own}))).toMatchObject({
      diagnostics: [{span: own}],
    });
  });

  it('turns what the helper reports into the user’s words and the right kind', async () => {
    expect(await failing(new HelperError('exec', 2, '/x', 'exec /x: no such file'))).toMatchObject({
      kind: 'step',
      diagnostics: [{code: 'exec-not-started', span}],
    });
    expect(await failing(new HelperError('namespaces', 1, '', 'no user namespaces'))).toMatchObject({
      kind: 'environment',
      diagnostics: [{code: 'sandbox-no-namespaces'}],
    });
  });

  it('of a directory or a file without the right to be executed says what to do', async () => {
    expect(
      await failing(new HelperError('exec', 13, '/x', 'exec: cannot run /x: permission denied')),
    ).toMatchObject({
      diagnostics: [{code: 'exec-not-started', hints: [expect.stringContaining('chmod +x')]}],
    });
  });

  it('begins with the command where a process could not begin, as docker does', async () => {
    const run = vertex({...(await execOp()), args: ['/bin/sh', '-c', 'echo "a"']}, [], {name: 'RUN'});
    const message = async (phase: string) => {
      const failure = await failing(new HelperError(phase, 2, '/x', 'no such thing'), run);
      return failure instanceof BuildError ? failure.diagnostics[0].message : '';
    };
    const begin = 'process "/bin/sh -c echo \\"a\\"" did not complete successfully: ';
    expect(await message('exec')).toBe(`${begin}no such thing`);
    expect(await message('user')).toBe(`${begin}no such thing`);
    expect(await message('cwd')).toBe(`${begin}/x: no such thing`);
    expect(await message('mounts')).toBe(`${begin}/x: no such thing`);
    expect(await message('namespaces')).toBe('no such thing');
  });

  it('says where a copy failed, once', async () => {
    const messageOf = async (path: string, message: string): Promise<unknown> =>
      failing(new HelperError('copy', 20, path, message)).then((error) => (error as Error).message);
    expect(await messageOf('/f', 'cannot open the path: not a directory')).toBe(
      '/f: cannot open the path: not a directory',
    );
    expect(await messageOf('f', 'cannot copy to non-directory: /f')).toBe('cannot copy to non-directory: /f');
  });

  it('calls a full disk a full disk, wherever it was noticed', async () => {
    expect(
      await failing(new HelperError('copy', 28, '/x', 'write /x: no space left on device')),
    ).toMatchObject({
      kind: 'environment',
      diagnostics: [{code: 'store-disk-full'}],
    });
  });

  it('does not dress up our own mistakes', async () => {
    const bug = new TypeError('x is undefined');
    expect(await failing(bug)).toBe(bug);
  });
});
