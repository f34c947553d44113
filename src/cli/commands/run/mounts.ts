// -v, --mount and --tmpfs in docker's spellings. What docker keeps between runs (named volumes) is refused.

import {resolve} from 'node:path';
import type {RunMount} from '../../../build/attended/run-request.ts';
import {csvFields} from '../../values/csv.ts';
import {parseBytes} from '../../values/limits.ts';
import {isProblem, type Problem} from '../../values/problem.ts';

export type MountValue = RunMount | Problem;

/** `SRC:DST[:ro]`, or `DST` alone for a directory that is forgotten. */
export function parseVolume(text: string, cwd: string): MountValue {
  const parts = text.split(':');
  const [first = '', second, options = ''] = parts;
  if (parts.length > 3 || first === '' || second === '') {
    return {problem: `-v ${text}: expected SRC:DST[:ro]`};
  }
  if (second === undefined) return withTarget(`-v ${text}`, first, (target) => ({type: 'volume', target}));
  if (!/^[/.~]/.test(first)) {
    return {
      problem: `-v ${text}: named volumes are not kept here; give the path of a directory, such as ./${first}`,
    };
  }
  const words = options.split(',').filter((word) => word !== '');
  // SELinux labels are left as they are.
  const unknown = words.find((word) => !['ro', 'rw', 'z', 'Z'].includes(word));
  if (unknown !== undefined) return {problem: `-v ${text}: unknown option "${unknown}", expected ro or rw`};
  return withTarget(`-v ${text}`, second, (target) => ({
    type: 'bind',
    source: resolve(cwd, first),
    target,
    readonly: words.includes('ro'),
  }));
}

/** `DST[:size=64m,…]`. */
export function parseTmpfs(text: string): MountValue {
  const colon = text.indexOf(':');
  const path = colon < 0 ? text : text.slice(0, colon);
  const words = colon < 0 ? [] : text.slice(colon + 1).split(',');
  let sizeBytes = 0;
  for (const word of words) {
    const [key = '', value = ''] = word.split('=', 2);
    if (key === 'size') {
      const size = parseBytes('--tmpfs size', value);
      if (isProblem(size)) return size;
      sizeBytes = size.bytes;
    } else if (!['rw', 'nosuid', 'nodev', 'exec', 'mode=1777'].includes(word)) {
      return {problem: `--tmpfs ${text}: "${word}" is not supported: it is rw,nosuid,nodev,exec,mode=1777`};
    }
  }
  return withTarget(`--tmpfs ${text}`, path, (target) => ({type: 'tmpfs', target, sizeBytes}));
}

/** `type=bind,src=…,dst=…[,readonly]`, `type=tmpfs,dst=…[,tmpfs-size=…]`, `type=volume,dst=…`. */
export function parseMount(text: string, cwd: string): MountValue {
  const fields = csvFields(text);
  if (isProblem(fields)) return {problem: `--mount ${text}: ${fields.problem}`};
  const values = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    const known = mountKeys[key];
    if (known === undefined) return {problem: `--mount ${text}: "${key}" is not supported`};
    values.set(known, equals < 0 ? 'true' : field.slice(equals + 1));
  }
  const type = values.get('type') ?? 'volume';
  const source = values.get('source');
  return withTarget(`--mount ${text}`, values.get('target') ?? '', (target): MountValue => {
    switch (type) {
      case 'bind':
        if (source === undefined || source === '') return {problem: `--mount ${text}: a bind needs a source`};
        return {type, source: resolve(cwd, source), target, readonly: isTrue(values.get('readonly'))};
      case 'tmpfs': {
        const size = parseBytes('--mount tmpfs-size', values.get('size') ?? '0');
        return isProblem(size) ? size : {type, target, sizeBytes: size.bytes};
      }
      case 'volume':
        if (source === undefined) return {type, target};
        return {problem: `--mount ${text}: named volumes are not kept here; use type=bind with a directory`};
      default:
        return {problem: `--mount ${text}: expected type=bind, tmpfs or volume, got "${type}"`};
    }
  });
}

const mountKeys: Readonly<Record<string, string>> = {
  type: 'type',
  src: 'source',
  source: 'source',
  dst: 'target',
  destination: 'target',
  target: 'target',
  readonly: 'readonly',
  ro: 'readonly',
  'tmpfs-size': 'size',
};

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true)$/i.test(text);
}

function withTarget(flag: string, target: string, make: (target: string) => MountValue): MountValue {
  if (!target.startsWith('/')) return {problem: `${flag}: the place in the sandbox must be an absolute path`};
  const path = resolve(target);
  if (path === '/') return {problem: `${flag}: nothing can be mounted on /`};
  return make(path);
}
