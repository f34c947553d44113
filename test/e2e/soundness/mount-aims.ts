// Aims at what is mounted for a step (aims.ts): each option of each kind of mount, by what a step sees of it.

import {generateKeyPairSync} from 'node:crypto';
import {type Aim, type Laid, madeBy} from './aim.ts';

const sshKey = generateKeyPairSync('ed25519').privateKey.export({format: 'pem', type: 'pkcs8'}).toString();

export const looks = 'env; id; pwd; echo $0 $-; stat -c "%n %F %a %u %g" /m /m2 /m/s /m2/s';

function mounted(option: string): Laid {
  const size = "df -k /m 2>/dev/null | awk 'END {print $2}'";
  const sized = option.includes('tmpfs') ? `${size}; ` : '';
  const write = 'touch /m/t && echo writable';
  return {
    lines: [`RUN --mount=${option} { ${looks}; ${sized}${write}; cat /m/a; } > /q1 2>/dev/null || :`],
    files: {k: {text: sshKey, mode: 0o600}},
    flags: ['--ssh', 'default=CONTEXT/k', '--secret', 'id=x,env=PATH'],
  };
}

const options = (values: readonly string[]): Aim => ({values, lay: mounted});

export const mountAims: Readonly<Record<string, Aim>> = {
  'bind mount': options([
    'type=bind,source=q,target=/m',
    'type=bind,source=q,target=/m2',
    'type=bind,source=q,target=/m,rw',
    'type=bind,source=q/sub,target=/m',
    'type=bind,source=q/a,target=/m/a',
    'type=bind,source=q/b,target=/m/a',
  ]),
  'cache mount': options([
    'type=cache,target=/m',
    'type=cache,target=/m,ro',
    'type=cache,target=/m2',
    'type=cache,target=/m,mode=0700',
    'type=cache,target=/m,uid=5',
    'type=cache,target=/m,gid=6',
  ]),
  'first contents of a cache mount': {
    values: ['from=made,source=/m', 'from=made,source=/m/d', '', 'from=other,source=/m'],
    lay: (value) => {
      // Another cache for each: what is in one never counts.
      const mount = ['type=cache', `id=${value.replace(/\W/g, '-')}-`, 'target=/c', value].filter(Boolean);
      return {
        before: [madeBy('echo d > /m/d/e'), ['FROM busybox AS other', 'RUN mkdir /m; echo other > /m/o']],
        lines: [`RUN --mount=${mount.join(',')} find /c -type f | sort > /q1`],
      };
    },
  },
  'tmpfs mount': options([
    'type=tmpfs,target=/m',
    'type=tmpfs,target=/m2',
    'type=tmpfs,target=/m,size=64k',
    'type=tmpfs,target=/m,size=1m',
  ]),
  'secret mount': options([
    'type=secret,id=x,target=/m/s',
    'type=secret,id=x,target=/m2/s',
    'type=secret,id=x,target=/m/s,mode=0444',
    'type=secret,id=x,target=/m/s,uid=5',
    'type=secret,id=x,target=/m/s,gid=6',
    'type=secret,id=none,target=/m/s',
  ]),
  'secret that may be missing': options([
    'type=secret,id=x,env=QA',
    'type=secret,id=x,env=QB',
    'type=secret,id=none,env=QA',
    'type=secret,id=none,env=QA,required',
  ]),
  'agent mount': options([
    'type=ssh,target=/m/s',
    'type=ssh,target=/m2/s',
    'type=ssh,target=/m/s,mode=0666',
    'type=ssh,target=/m/s,uid=5',
    'type=ssh,target=/m/s,gid=6',
    'type=ssh,id=none,target=/m/s',
    'type=ssh,id=none,target=/m/s,required',
  ]),
};
