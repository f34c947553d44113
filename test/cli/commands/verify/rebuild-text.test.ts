import {describe, expect, it} from 'vitest';
import type {PlatformComparison} from '../../../../src/cli/commands/verify/rebuild-text.ts';
import {reasonsOf, rebuildText} from '../../../../src/cli/commands/verify/rebuild-text.ts';

const time = 'time 2025-01-01T00:00:00Z -> 2026-01-01T00:00:00Z';

function compared(part: Partial<PlatformComparison>): PlatformComparison {
  return {platform: 'linux/amd64', digests: ['sha256:a', 'sha256:b'], config: [], layers: [], ...part};
}

const layer = {
  number: 2,
  createdBy: 'RUN a\n  b',
  digests: ['sha256:c', 'sha256:d'],
  what: 'contents',
} as const;
const request = {buildArgs: {SOURCE_DATE_EPOCH: '1'}, environment: {}};

describe('the report of two builds', () => {
  it('tells layer by layer and file by file', () => {
    const image = compared({
      config: [{part: 'config', what: 'changed', name: 'created', details: ['"x" -> "y"']}],
      layers: [
        {
          ...layer,
          files: [
            {
              path: '/id',
              what: 'changed',
              details: ['content', time],
              firstByte: {offset: 3, bytes: [0x0a, undefined]},
            },
            {path: '/new', what: 'added', details: []},
          ],
        },
        {...layer, number: 3, what: 'order', files: []},
        {...layer, number: 4, what: 'removed', files: []},
      ],
    });
    expect(rebuildText([image], ['because']).split('\n')).toEqual([
      'linux/amd64 is sha256:a and then sha256:b',
      'layer 2 (RUN a b): 2 files differ',
      `  ~ /id   (content, ${time}, first differing byte 3: 0x0a -> the end)`,
      '  + /new',
      'layer 3 (RUN a b): the same files in another order',
      'layer 4 (RUN a b): only the first build has it',
      'config:',
      '  ~ created   ("x" -> "y")',
      'note: because',
      '',
    ]);
  });

  it('is one line for the same image', () => {
    const same = compared({digests: ['sha256:a', 'sha256:a']});
    expect(rebuildText([same], [])).toBe('ok: linux/amd64 is sha256:a both times\n');
  });
});

describe('what the differences come from', () => {
  const config = [{part: 'config', what: 'changed', name: 'history[1].created', details: []}] as const;
  const timed = compared({layers: [{...layer, files: [{path: '/a', what: 'changed', details: [time]}]}]});

  it('is the time of the build, where no epoch is given', () => {
    const dated = compared({config});
    const told = (buildArgs: Readonly<Record<string, string>>) =>
      reasonsOf([dated], {request: {buildArgs, environment: {}}, isTouched: false});
    expect(told({})).toEqual([expect.stringContaining('SOURCE_DATE_EPOCH=SECONDS')]);
    expect(told({SOURCE_DATE_EPOCH: '1'})).toEqual([]);
  });

  it('is the time of the checkout, where only times differ and the context was touched', () => {
    expect(reasonsOf([timed], {request, isTouched: true})).toEqual([
      expect.stringContaining('rewrite-timestamp=true'),
    ]);
  });

  it('is the step, where contents differ, or times that nobody touched', () => {
    const [reason, more] = reasonsOf([timed], {request, isTouched: false});
    expect([reason, more]).toEqual([
      expect.stringMatching(/^layer 2 \(RUN a b\) depends on more/),
      undefined,
    ]);
    const other = compared({layers: [{...layer, files: [{path: '/a', what: 'removed', details: []}]}]});
    expect(reasonsOf([other], {request, isTouched: true})).toEqual([
      expect.stringMatching(/^layer 2 \(RUN a b\) depends on more/),
    ]);
  });
});
