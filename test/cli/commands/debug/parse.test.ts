import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {describeDockerfile, runDebugParse} from '../../../../src/cli/commands/debug/parse.ts';
import {memoryIo} from '../../memory-io.ts';

describe('describeDockerfile', () => {
  it('shows stages and instructions as written', () => {
    const text = [
      'ARG V',
      'FROM --platform=$P a AS B',
      'run --mount=type="cache" x \\',
      '  y',
      'CMD ["z"]',
      'ENV a=b c="d"',
      'COPY <<-E /x',
      '\te',
      'E',
      'ONBUILD COPY --from=q r s',
      '',
    ].join('\n');
    expect(describeDockerfile('Dockerfile', text)).toEqual({
      ok: true,
      escape: '\\',
      metaArgs: [{name: 'ARG', lines: [1, 1], flags: [], args: ['V'], heredocs: []}],
      stages: [
        {
          name: 'b',
          base: 'a',
          platform: '$P',
          lines: [2, 2],
          instructions: [
            {
              name: 'RUN',
              lines: [3, 4],
              flags: ['--mount=type=cache'],
              json: false,
              args: ['x   y'],
              heredocs: [],
            },
            {name: 'CMD', lines: [5, 5], flags: [], json: true, args: ['z'], heredocs: []},
            {
              name: 'ENV',
              lines: [6, 6],
              flags: [],
              pairs: [
                ['a', 'b'],
                ['c', '"d"'],
              ],
              heredocs: [],
            },
            {
              name: 'COPY',
              lines: [7, 9],
              flags: [],
              args: ['<<-E', '/x'],
              heredocs: [{name: 'E', fd: 0, expand: true, chomp: true, content: '\te\n'}],
            },
            {
              name: 'ONBUILD',
              lines: [10, 10],
              flags: [],
              heredocs: [],
              sub: {
                name: 'COPY',
                lines: [10, 10],
                flags: ['--from=q'],
                args: ['r', 's'],
                heredocs: [],
              },
            },
          ],
        },
      ],
    });
  });

  it.each([
    ['FROM a\nCOYP b c', 'dockerfile parse error on line 2: unknown instruction: COYP (did you mean COPY?)'],
    [
      'FROM a\nCOPY --form=x b c',
      'dockerfile parse error on line 2: unknown flag: --form (did you mean from?)',
    ],
    ['RUN a', 'no build stage in current context'],
    ['', 'file with no instructions'],
  ])('says of %j what docker says', (text, error) => {
    expect(describeDockerfile('Dockerfile', text)).toMatchObject({ok: false, error});
  });

  it('tells what keeps docker from reading a file before what it means', () => {
    expect(describeDockerfile('Dockerfile', 'NONSENSE\nENV a')).toMatchObject({
      error: 'ENV must have two arguments',
    });
  });

  it('counts lines of directives like docker', () => {
    const text = '# escape=`\n# escape=`\nFROM a';
    expect(describeDockerfile('Dockerfile', text)).toMatchObject({errorLines: [1, 1]});
  });

  it.each([
    ['a flag on a continued line', 'FROM a\nCOPY \\\n  b \\\n  c\nRUN \\\n  --mont=x y', 5],
    ['a word on a continued line', 'FROM a\nENV b=c \\\n  d', 2],
    ['a heredoc without an end', 'FROM a\nRUN x \\\n  <<E\ny\n', 2],
    ['a keyword below an empty continuation', 'FROM a\n\\\nNONSENSE', 2],
    ['an empty file', '', 0],
    ['a file of comments', '# a\n# b\n', 2],
    ['a line that is too long', `FROM a\nRUN ${'x'.repeat(70_000)}`, 1],
  ])('of %s names the line docker names', (_, text, line) => {
    expect(describeDockerfile('Dockerfile', text)).toMatchObject({ok: false, errorLines: [line, line]});
  });
});

describe('runDebugParse', () => {
  it('answers with one line of JSON, and fails when the file has a mistake', async () => {
    const good = memoryIo({stdin: 'FROM a\n'});
    expect(await runDebugParse(['-'], good)).toBe(0);
    expect(JSON.parse(good.out())).toMatchObject({ok: true});
    const bad = memoryIo({stdin: 'FROM\n'});
    expect(await runDebugParse(['-'], bad)).toBe(1);
    expect(JSON.parse(bad.out())).toMatchObject({ok: false});
  });

  it('answers each of several files as it answers one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsbuild-parse-'));
    try {
      const texts = ['FROM a AS b\nRUN c\n', 'FROM\n', '# escape=`\nFROM d\n'];
      const files = texts.map((text, index) => {
        const file = join(folder, String(index));
        writeFileSync(file, text);
        return file;
      });
      const together = memoryIo();
      expect(await runDebugParse(files, together)).toBe(1);
      const alone = files.map(async (file) => {
        const io = memoryIo();
        await runDebugParse([file], io);
        return io.out();
      });
      expect(together.out()).toBe((await Promise.all(alone)).join(''));
      expect(await runDebugParse([...files.slice(2), join(folder, 'none'), ...files], together)).toBe(1);
      expect(together.out().split('\n')).toHaveLength(5);
    } finally {
      rmSync(folder, {recursive: true});
    }
  });

  it('wants a file', async () => {
    const io = memoryIo();
    expect(await runDebugParse([], io)).toBe(2);
    expect(io.err()).toContain('usage: tsbuild debug parse FILE...');
  });

  it('says which file cannot be read', async () => {
    const io = memoryIo({cwd: '/nowhere'});
    expect(await runDebugParse(['Dockerfile'], io)).toBe(1);
    expect(io.err()).toMatch(/^read Dockerfile: ENOENT/);
  });
});
