// --shm-size, --ulimit and --step-timeout, in docker's spellings (go-units).

import {parseDuration} from '../../instructions/healthcheck/duration.ts';
import type {Problem} from './problem.ts';

const unitPowers: Readonly<Record<string, number>> = {k: 1, m: 2, g: 3, t: 4, p: 5};

/** `64m`, `1.5GiB`, `1024`: bytes, in powers of 1024. */
export function parseBytes(flag: string, text: string): {readonly bytes: number} | Problem {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?)?b?$/i.exec(text);
  if (match === null) return {problem: `${flag} expects a size such as 64m or 1g, got "${text}"`};
  const [, digits = '', unit = ''] = match;
  const bytes = Math.floor(Number(digits) * 1024 ** (unitPowers[unit.toLowerCase()] ?? 0));
  return bytes <= Number.MAX_SAFE_INTEGER ? {bytes} : {problem: `${flag} ${text}: no machine has that much`};
}

/** `90s`, `1h30m`; a number alone is seconds. */
export function parseTimeout(text: string): {readonly milliseconds: number} | Problem {
  const duration = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (typeof duration !== 'number' || duration < 0) {
    return {problem: `--step-timeout expects a time such as 90s or 1h30m, got "${text}"`};
  }
  return {milliseconds: Math.ceil(duration / 1e6)};
}

const ulimitNames = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
];

export interface Ulimit {
  readonly name: string;
  /** -1: unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export function parseUlimit(text: string): Ulimit | Problem {
  const match = /^([^=]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) return {problem: `--ulimit expects NAME=SOFT[:HARD] with numbers, got "${text}"`};
  const [, name = '', softText = '', hardText] = match;
  if (!ulimitNames.includes(name)) {
    return {problem: `--ulimit ${text}: unknown limit "${name}", expected one of ${ulimitNames.join(', ')}`};
  }
  const soft = Number(softText);
  const hard = hardText === undefined ? soft : Number(hardText);
  if (soft < -1 || hard < -1) return {problem: `--ulimit ${text}: expected -1 (unlimited) or more`};
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    return {
      problem: `--ulimit ${text}: ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    };
  }
  return {name, soft, hard};
}
