import {describe, expect, it} from 'vitest';
import {parseMount, parseTmpfs, parseVolume} from '../../../../src/cli/commands/run/mounts.ts';

describe('-v', () => {
  it.each([
    ['./a:/b', {type: 'bind', source: '/cwd/a', target: '/b', readonly: false}],
    ['/a:/b/:ro', {type: 'bind', source: '/a', target: '/b', readonly: true}],
    ['/a:/b:rw,z', {type: 'bind', source: '/a', target: '/b', readonly: false}],
    ['/a:/b:ro,cached', {type: 'bind', source: '/a', target: '/b', readonly: true}],
    ['/a:/b:rprivate', {type: 'bind', source: '/a', target: '/b', readonly: false}],
    ['/b', {type: 'volume', target: '/b'}],
  ])('%s', (text, mount) => {
    expect(parseVolume(text, '/cwd')).toEqual(mount);
  });

  it.each([
    ['', 'expected SRC:DST[:ro]'],
    ['/a:', 'expected SRC:DST[:ro]'],
    ['/a:/b:ro:x', 'expected SRC:DST[:ro]'],
    ['/a:b', 'must be an absolute path'],
    ['/a:/', 'nothing can be mounted on /'],
    ['/a:/b:rshared', 'unknown option "rshared"'],
    ['~/a:/b', 'write "$HOME/a"'],
    ['data:/b', 'named volumes are not kept here'],
  ])('%j is wrong', (text, problem) => {
    expect(parseVolume(text, '/cwd')).toEqual({problem: expect.stringContaining(problem)});
  });
});

describe('--mount', () => {
  it.each([
    ['type=bind,src=a,dst=/b', {type: 'bind', source: '/cwd/a', target: '/b', readonly: false}],
    ['type=bind,source=/a,target=/b,readonly', {type: 'bind', source: '/a', target: '/b', readonly: true}],
    [
      'type=bind,source=/a,destination=/b,ro=false',
      {type: 'bind', source: '/a', target: '/b', readonly: false},
    ],
    ['type=tmpfs,dst=/b,tmpfs-size=2k', {type: 'tmpfs', target: '/b', sizeBytes: 2048, options: ['noexec']}],
    [
      'type=tmpfs,dst=/b,tmpfs-mode=0700,ro',
      {type: 'tmpfs', target: '/b', sizeBytes: 0, mode: 0o700, options: ['noexec', 'ro']},
    ],
    ['dst=/b', {type: 'volume', target: '/b'}],
  ])('%s', (text, mount) => {
    expect(parseMount(text, '/cwd')).toEqual(mount);
  });

  it.each([
    ['type=bind,dst=/b', 'a bind needs a source'],
    ['type=volume,src=data,dst=/b', 'named volumes are not kept here'],
    ['type=image,dst=/b', 'expected type=bind, tmpfs or volume'],
    ['type=bind,src=/a,dst=/b,bind-propagation=shared', '"bind-propagation" is not supported'],
    ['type=tmpfs', 'must be an absolute path'],
    ['type=tmpfs,dst=/b,tmpfs-mode=rwx', 'mode expects an octal number'],
  ])('%j is wrong', (text, problem) => {
    expect(parseMount(text, '/cwd')).toEqual({problem: expect.stringContaining(problem)});
  });
});

describe('--tmpfs', () => {
  it.each([
    ['/t', {sizeBytes: 0, options: ['noexec']}],
    ['/t:rw,nosuid,size=64k', {sizeBytes: 65536, options: ['noexec']}],
    ['/t:exec,nodev', {sizeBytes: 0, options: []}],
    ['/t:ro,suid,mode=1755', {sizeBytes: 0, options: ['noexec', 'ro', 'suid'], mode: 0o1755}],
    ['/t:exec,ro,noexec,rw', {sizeBytes: 0, options: ['noexec']}],
  ])('%s', (text, expected) => {
    expect(parseTmpfs(text)).toEqual({type: 'tmpfs', target: '/t', ...expected});
  });

  it.each([
    ['/t:dev', '"dev" is not supported'],
    ['/t:', '"" is not supported'],
    ['/t:uid=5', '"uid=5" is not supported'],
    ['/t:mode=8', 'mode expects an octal number such as 755, got "8"'],
    ['/t:mode=17777', 'got "17777"'],
    ['/t:size=much', 'size expects a size'],
    ['t:ro', 'must be an absolute path'],
  ])('%j is wrong', (text, problem) => {
    expect(parseTmpfs(text)).toEqual({problem: expect.stringContaining(problem)});
  });
});
