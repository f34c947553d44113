import {describe, expect, it} from 'vitest';
import {parseMount, parseTmpfs, parseVolume} from '../../../../src/cli/commands/run/mounts.ts';

describe('-v', () => {
  it.each([
    ['./a:/b', {type: 'bind', source: '/cwd/a', target: '/b', readonly: false}],
    ['/a:/b/:ro', {type: 'bind', source: '/a', target: '/b', readonly: true}],
    ['/a:/b:rw,z', {type: 'bind', source: '/a', target: '/b', readonly: false}],
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
    ['type=tmpfs,dst=/b,tmpfs-size=2k', {type: 'tmpfs', target: '/b', sizeBytes: 2048}],
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
  ])('%j is wrong', (text, problem) => {
    expect(parseMount(text, '/cwd')).toEqual({problem: expect.stringContaining(problem)});
  });
});

it('--tmpfs takes a size, and what is so anyway', () => {
  expect(parseTmpfs('/t')).toEqual({type: 'tmpfs', target: '/t', sizeBytes: 0});
  expect(parseTmpfs('/t:rw,nosuid,size=64k')).toEqual({type: 'tmpfs', target: '/t', sizeBytes: 65536});
  expect(parseTmpfs('/t:mode=700')).toEqual({
    problem: expect.stringContaining('"mode=700" is not supported'),
  });
});
