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
    [{args: ['/bin/bash', '-c', 'make']}, 'command "/bin/sh -c make" → "/bin/bash -c make"'],
    [{args: ['make']}, 'command "/bin/sh -c make" → "make"'],
    [{args: ['/bin/sh', '-c', ' make']}, 'command "make" → " make"'],
    [{platform: {os: 'linux'}}, 'platform unset → {"os":"linux"}'],
    [
      {mounts: [{type: 'tmpfs', target: '/t'}], cwd: '/x'},
      'working directory / → /x, mounts none → tmpfs mount /t',
    ],
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

  it.each([
    [{destination: '/a'}, {destination: '/b', owner: '1'}, 'destination /a → /b, owner unset → 1'],
    [{mode: 0o644}, {mode: 0o600}, 'mode 644 → 600'],
    [{content: 'a\npassword=1\n'}, {content: 'a\npassword=2\n'}, 'content changed at line 2'],
    [{type: 'copy'}, {type: 'make-file'}, 'its files changed'],
  ])('names what changed of a copy from %j to %j', (before, after, text) => {
    const [old, now] = [before, after].map((action) => canonicalJson({actions: [action]}));
    expect(opDifference(`file ${old}`, `file ${now}`, options)?.text).toBe(text);
  });

  it.each([
    [
      {type: 'secret', id: 'npm', target: '/run/secrets/npm', required: false},
      {type: 'secret', id: 'npm', target: '/x', required: true},
      'secret mount npm required false → true, secret mount npm target /run/secrets/npm → /x',
    ],
    [
      {type: 'bind', target: '/m', input: 1},
      {type: 'cache', target: '/m', input: -1},
      'mounts bind mount /m → cache mount /m',
    ],
    [
      {type: 'bind', target: '/m', input: 1},
      {type: 'bind', target: '/m', input: 2},
      'mounts of other inputs',
    ],
    [
      {type: 'text', target: '/dev/pipes/EOF', text: '#!/bin/sh\necho one\n'},
      {type: 'text', target: '/dev/pipes/EOF', text: '#!/bin/sh\necho two\n'},
      'script "#!/bin/sh echo one " → "#!/bin/sh echo two "',
    ],
  ])('names what changed of a mount from %j to %j', (before, after, text) => {
    const [old, now] = [before, after].map((mount) => canonicalJson({mounts: [mount]}));
    expect(opDifference(`exec ${old}`, `exec ${now}`, options)?.text).toBe(text);
  });
});
