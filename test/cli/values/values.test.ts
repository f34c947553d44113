// Tables of values of flags: what they mean, or what is said about them.

import {describe, expect, it} from 'vitest';
import {parseAddHost} from '../../../src/cli/values/add-host.ts';
import {csvFields, csvPairs} from '../../../src/cli/values/csv.ts';
import {parseBytes, parseUlimit} from '../../../src/cli/values/limits.ts';
import {parseOutput} from '../../../src/cli/values/output.ts';
import {parseSecret, parseSsh} from '../../../src/cli/values/secret.ts';

describe('CSV', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['a', ['a']],
    ['', ['']],
    ['a,,b,', ['a', '', 'b', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a""b"', ['a"b']],
    ['"type=local","dest=a b"', ['type=local', 'dest=a b']],
  ])('%s is %j', (text, fields) => {
    expect(csvFields(text)).toEqual(fields);
  });

  it.each([['a"b'], ['"a'], ['"a"b']])('%s is refused', (text) => {
    expect(csvFields(text)).toHaveProperty('problem');
  });

  it('pairs have keys in lower case, once each', () => {
    expect(csvPairs('ID=x,Src=/a=b')).toEqual(
      new Map([
        ['id', 'x'],
        ['src', '/a=b'],
      ]),
    );
    expect(csvPairs('id=x,id=y')).toEqual({problem: 'key "id" is given twice'});
    expect(csvPairs('id')).toEqual({problem: "invalid field 'id' must be a key=value pair"});
  });
});

describe('--output', () => {
  it.each([
    ['out', 'local', {dest: 'out'}],
    ['-', 'tar', {dest: '-'}],
    ['type=oci,dest=a.tar', 'oci', {dest: 'a.tar'}],
    ['type=oci,DEST=a.tar,tar=false', 'oci', {dest: 'a.tar', tar: 'false'}],
    ['"type=local","dest=a,b"', 'local', {dest: 'a,b'}],
    ['type=image,"name=a,b"', 'image', {name: 'a,b'}],
    ['type=oci,dest=-,annotation.Org.X=Y', 'oci', {dest: '-', 'annotation.Org.X': 'Y'}],
  ])('%s is type %s', (text, type, options) => {
    expect(parseOutput(text)).toEqual({type, options: new Map(Object.entries(options))});
  });

  it.each([['dest=x'], ['type=,dest=x'], ['type=oci,dest'], ['type=oci,dest=a,dest=b']])(
    '%j is refused',
    (text) => {
      expect(parseOutput(text)).toHaveProperty('problem');
    },
  );
});

describe('--secret', () => {
  const env = {TOKEN: 'x'};
  it.each([
    ['id=a,src=f', {file: 'f'}],
    ['id=a,source=f', {file: 'f'}],
    ['id=a,env=TOKEN', {env: 'TOKEN'}],
    ['id=a,type=env,src=TOKEN', {env: 'TOKEN'}],
    ['id=a,type=env', {env: 'a'}],
    ['id=TOKEN', {env: 'TOKEN'}],
    ['id=TOKEN,type=file', {file: 'TOKEN'}],
    ['id=f', {file: 'f'}],
    ['id=a,src=f,type=file', {file: 'f'}],
  ])('%s comes from %j', (text, source) => {
    expect(parseSecret(text, env)).toMatchObject({source});
  });

  it.each([
    ['src=f', /id is missing/],
    ['id=a,foo=b', /unexpected key 'foo'/],
    ['id=a,type=vault', /type is "vault", expected file or env/],
    ['id=a,src=f,env=E', /exclude each other/],
    ['a', /must be a key=value pair/],
  ])('%s is refused', (text, problem) => {
    expect(parseSecret(text, env)).toHaveProperty('problem', expect.stringMatching(problem));
  });
});

describe('--ssh', () => {
  it.each([
    ['default', {id: 'default', paths: ['/agent']}],
    ['github', {id: 'github', paths: ['/agent']}],
    ['github=/other', {id: 'github', paths: ['/other']}],
    ['github=/a=b,keys/c', {id: 'github', paths: ['/a=b', 'keys/c']}],
  ])('%s is %j', (text, agent) => {
    expect(parseSsh(text, {SSH_AUTH_SOCK: '/agent'})).toEqual(agent);
  });

  it('without an agent says what is not set', () => {
    expect(parseSsh('default', {})).toHaveProperty('problem', expect.stringMatching(/SSH_AUTH_SOCK/));
  });

  it.each([['=x'], [''], ['a='], ['a=k1,']])('%j is refused', (text) => {
    expect(parseSsh(text, {SSH_AUTH_SOCK: '/agent'})).toHaveProperty('problem');
  });
});

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['1024', 1024],
    ['64m', 64 * 1024 ** 2],
    ['64MB', 64 * 1024 ** 2],
    ['64MiB', 64 * 1024 ** 2],
    ['1.5g', 1.5 * 1024 ** 3],
    ['2 k', 2048],
    ['7b', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseBytes('--shm-size', text)).toEqual({bytes});
  });

  it.each([['x'], ['-1'], ['1z'], ['']])('%j is refused', (text) => {
    expect(parseBytes('--shm-size', text)).toHaveProperty('problem');
  });
});

describe('--ulimit', () => {
  it.each([
    ['nofile=1024', {name: 'nofile', soft: 1024, hard: 1024}],
    ['nofile=1024:2048', {name: 'nofile', soft: 1024, hard: 2048}],
    ['core=-1', {name: 'core', soft: -1, hard: -1}],
    ['core=0:-1', {name: 'core', soft: 0, hard: -1}],
  ])('%s is %j', (text, ulimit) => {
    expect(parseUlimit(text)).toEqual(ulimit);
  });

  it.each([['nofile'], ['nofile=x'], ['nofiles=1'], ['nofile=2:1'], ['nofile=-1:5'], ['nofile=-2']])(
    '%s is refused',
    (text) => {
      expect(parseUlimit(text)).toHaveProperty('problem');
    },
  );
});

describe('--add-host', () => {
  it.each([
    ['a:1.2.3.4', '1.2.3.4'],
    ['a=1.2.3.4', '1.2.3.4'],
    ['a:::1', '::1'],
    ['a=[::1]', '::1'],
    ['a:host-gateway', 'host-gateway'],
  ])('%s is %s', (text, address) => {
    expect(parseAddHost(text)).toEqual({host: 'a', address});
  });

  it.each([['foo:101.10.2'], ['foo:'], ['foo'], ['foo:2001::1::3F'], [':1.2.3.4']])(
    '%s is refused',
    (text) => {
      expect(parseAddHost(text)).toHaveProperty('problem');
    },
  );
});
