import {describe, expect, it} from 'vitest';
import {checkMount, type Mount, parseMount} from '../../../src/instructions/run/mount.ts';
import {PlanProblem} from '../../../src/plan/plan-problem.ts';

function parse(value: string): Mount | string {
  return caught(() => parseMount(value, (word) => word.replaceAll('$V', 'value')));
}

function caught<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PlanProblem)) throw error;
    return [error.message, ...error.hints].join(' | ');
  }
}

describe('parseMount', () => {
  it.each<[string, Mount]>([
    ['target=/t', {type: 'bind', target: '/t', readonly: true, required: false}],
    [
      'type=bind,from=a,src=b,dst=c,rw',
      {type: 'bind', from: 'a', source: 'b', target: 'c', readonly: false, required: false},
    ],
    ['TYPE=Bind,Destination=c,readwrite=0', {type: 'bind', target: 'c', readonly: true, required: false}],
    [
      'type=cache,id=i,target=/t,sharing=LOCKED,mode=0700,uid=1,gid=2,ro=true',
      {
        type: 'cache',
        id: 'i',
        target: '/t',
        sharing: 'locked',
        mode: 0o700,
        uid: 1,
        gid: 2,
        readonly: true,
        required: false,
      },
    ],
    ['type=cache,target=/t', {type: 'cache', target: '/t', readonly: false, required: false}],
    [
      'type=tmpfs,target=/t,size=1.5m',
      {type: 'tmpfs', target: '/t', sizeBytes: 1572864, readonly: false, required: false},
    ],
    ['type=secret,id=i,required', {type: 'secret', id: 'i', readonly: true, required: true}],
    ['type=secret,src=i,env=E', {type: 'secret', source: 'i', env: 'E', readonly: true, required: false}],
    ['type=ssh,required=false,mode=600', {type: 'ssh', mode: 0o600, readonly: true, required: false}],
    [
      'type=bind,"source=a,b",target=$V',
      {type: 'bind', source: 'a,b', target: 'value', readonly: true, required: false},
    ],
  ])('reads %s', (value, mount) => {
    expect(parse(value)).toEqual(mount);
  });

  it.each([
    ['', 'failed to parse csv mounts: EOF'],
    ['a"b', 'failed to parse csv mounts: parse error on line 1, column 2: bare " in non-quoted field'],
    ['type=tmp', 'unsupported mount type "tmp" | did you mean tmpfs?'],
    ['type=cache,sharing=x', 'unsupported sharing value "x"'],
    ['typ=tmpfs', "unexpected key 'typ' in 'typ=tmpfs' | did you mean type?"],
    ['constructor=x', "unexpected key 'constructor' in 'constructor=x'"],
    ['target', "invalid field 'target' must be a key=value pair"],
    ['z', "invalid field 'z' must be a key=value pair"],
    ['required,type=secret', "unexpected key 'required' for mount type 'bind'"],
    ['size=1', "unexpected key 'size' for mount type 'bind'"],
    ['type=cache,env=x', "unexpected key 'env' for mount type 'cache'"],
    ['type=tmpfs,size=x', 'invalid value for size: x'],
    ['ro=maybe', 'invalid value for ro: maybe'],
    ['type=ssh,required=maybe', 'invalid value for required: maybe'],
    ['type=cache,mode=8', 'invalid value 8 for mode'],
    ['type=cache,uid=-1', 'invalid value -1 for uid'],
    ['type=cache,gid=4294967296', 'invalid value 4294967296 for gid'],
    ['mode=1', 'mode not allowed for "bind" type mounts'],
    ['uid=1', 'uid not allowed for "bind" type mounts'],
    ['type=tmpfs,gid=1', 'gid not allowed for "tmpfs" type mounts'],
    ['type=secret,id=a,from=b', 'secret mount should not have a from'],
    ['type=secret,id=a,sharing=shared', 'secret mount should not define sharing'],
    ['type=secret', 'invalid secret mount. one of source, target required'],
    ['type=secret,id=a,src=b', "both source and id can't be set"],
    ['sharing=shared', 'invalid cache sharing set for bind mount'],
  ])('refuses %j', (value, problem) => {
    expect(parse(value)).toBe(problem);
  });
});

describe('checkMount', () => {
  it('accepts what only values will tell', () => {
    expect(caught(() => checkMount('type=$t,z,from=a$'))).toBeUndefined();
  });

  it('refuses a source that depends on a value', () => {
    const problem = "'from' doesn't support variable expansion, define alias stage instead";
    expect(caught(() => checkMount('type=bind,FROM=a${b}'))).toBe(problem);
  });
});
