// -v, --mount and --tmpfs in docker's spellings. What docker keeps between runs (named volumes) is refused.

import {resolve} from 'node:path';
import type {RunMount} from '../../../build/attended/run-request.ts';
import type {TmpfsOption} from '../../../ops/exec/exec-arguments.ts';
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
  if (first.startsWith('~')) {
    return {
      problem: `-v ${text}: the shell has left "~" as it is; write "$HOME${first.replace(/^~[^/]*/, '')}"`,
    };
  }
  if (!/^[/.]/.test(first)) {
    return {
      problem: `-v ${text}: named volumes are not kept here; give the path of a directory, such as ./${first}`,
    };
  }
  const words = options.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => !volumeWords.includes(word));
  if (unknown !== undefined) return {problem: `-v ${text}: unknown option "${unknown}", expected ro or rw`};
  return withTarget(`-v ${text}`, second, (target) => ({
    type: 'bind',
    source: resolve(cwd, first),
    target,
    readonly: words.includes('ro'),
  }));
}

/** Those after the first two change nothing: labels are left as they are, and nothing is copied or propagated. */
const volumeWords = [
  'ro',
  'rw',
  'z',
  'Z',
  'cached',
  'delegated',
  'consistent',
  'nocopy',
  'private',
  'rprivate',
];

/** `DST[:size=64m,mode=755,…]`. */
export function parseTmpfs(text: string): MountValue {
  const colon = text.indexOf(':');
  const path = colon < 0 ? text : text.slice(0, colon);
  const words = colon < 0 ? [] : text.slice(colon + 1).split(',');
  const tmpfs = tmpfsOf(`--tmpfs ${text}`, words);
  if (isProblem(tmpfs)) return tmpfs;
  return withTarget(`--tmpfs ${text}`, path, (target) => ({type: 'tmpfs', target, ...tmpfs}));
}

type Tmpfs = Omit<Extract<RunMount, {type: 'tmpfs'}>, 'type' | 'target'>;

/** Of two that contradict each other the last one counts. */
const tmpfsSwitches: Readonly<Record<string, readonly [TmpfsOption, boolean]>> = {
  ro: ['ro', true],
  rw: ['ro', false],
  noexec: ['noexec', true],
  exec: ['noexec', false],
  suid: ['suid', true],
  nosuid: ['suid', false],
};

/** docker's defaults: rw,noexec,nosuid,nodev,mode=1777. */
function tmpfsOf(what: string, words: readonly string[]): Tmpfs | Problem {
  const options = new Set<TmpfsOption>(['noexec']);
  let sizeBytes = 0;
  let mode: number | undefined;
  for (const word of words) {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(word) ?? [];
    const change = tmpfsSwitches[word];
    if (change !== undefined) {
      const [option, isOn] = change;
      if (isOn) options.add(option);
      else options.delete(option);
    } else if (key === 'size') {
      const size = parseBytes(`${what}: size`, value);
      if (isProblem(size)) return size;
      sizeBytes = size.bytes;
    } else if (key === 'mode') {
      if (!/^[0-7]{1,5}$/.test(value) || Number.parseInt(value, 8) > 0o7777)
        return {problem: `${what}: mode expects an octal number such as 755, got "${value}"`};
      mode = Number.parseInt(value, 8);
    } else if (word !== 'nodev') {
      const known = [...Object.keys(tmpfsSwitches), 'nodev', 'size=', 'mode='];
      return {problem: `${what}: "${word}" is not supported, expected one of ${known.join(', ')}`};
    }
  }
  return {sizeBytes, options: [...options], ...(mode === undefined ? {} : {mode})};
}

/** `type=bind,src=…,dst=…[,readonly]`, `type=tmpfs,dst=…[,tmpfs-size=…,tmpfs-mode=…]`, `type=volume,dst=…`. */
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
        const words = ['size', 'mode'].flatMap((key) =>
          values.has(key) ? [`${key}=${values.get(key)}`] : [],
        );
        const tmpfs = tmpfsOf(`--mount ${text}`, [...words, isTrue(values.get('readonly')) ? 'ro' : 'rw']);
        return isProblem(tmpfs) ? tmpfs : {type, target, ...tmpfs};
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
  'tmpfs-mode': 'mode',
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
