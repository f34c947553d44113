import {describe, expect, it} from 'vitest';
import {opDifference} from '../../src/cache/op-difference.ts';
import {canonicalJson} from '../../src/util/canonical-json.ts';

const options = {isArgument: (name: string) => name !== 'PATH'};
const fields = {args: ['/bin/sh', '-c', 'make'], cwd: '/', env: ['PATH=/bin', 'SHA=a1']};

function difference(change: object, kind = 'exec'): string | undefined {
  const [old, now] = [fields, {...fields, ...change}].map((each) => canonicalJson(each));
  return opDifference(`exec ${old}`, `${kind} ${now}`, options)?.text;
}

describe('opDifference', () => {
  it('is silent about equal ops', () => {
    expect(difference({})).toBeUndefined();
  });

  it.each([
    [{env: ['PATH=/bin', 'SHA=b2']}, 'ARG SHA a1 → b2'],
    [{env: ['PATH=/bin']}, 'ARG SHA a1 → unset'],
    [{env: ['PATH=/bin:/x', 'SHA=a1']}, 'ENV PATH /bin → /bin:/x'],
    [{env: ['SHA=a1', 'PATH=/bin']}, 'order of the variables changed'],
    [{env: ['PATH=/bin', 'SHA=b2'], args: ['x']}, 'ARG SHA a1 → b2'],
    [{args: ['/bin/sh', '-c', 'make all']}, 'command "make" → "make all"'],
    [{cwd: '/app'}, 'working directory / → /app'],
    [{mounts: [{type: 'tmpfs'}], cwd: '/x'}, 'working directory / → /x, mounts changed'],
  ])('says of %j: %s', (change, text) => {
    expect(difference(change)).toBe(text);
  });

  it('does not print what may be a secret', () => {
    expect(difference({env: ['PATH=/bin', 'SHA=a1', 'NPM_TOKEN=hunter2']})).toBe('ARG NPM_TOKEN changed');
  });

  it('cuts long values', () => {
    expect(difference({cwd: `/${'x'.repeat(99)}`})).toMatch(/^working directory \/ → \/x{38}…$/);
  });

  it('says of another kind of op that another instruction stood there', () => {
    expect(difference({}, 'file')).toBe('another instruction stood here');
  });

  it('names what changed of a copy', () => {
    const [old, now] = [{destination: '/a'}, {destination: '/b', owner: '1'}].map((action) =>
      canonicalJson({actions: [action]}),
    );
    expect(opDifference(`file ${old}`, `file ${now}`, options)?.text).toBe('destination, owner changed');
  });
});
