// A machine that is not there: what its files say, and which there are.

import type {Host} from '../../../src/build/doctor/host.ts';

export interface HostFacts {
  readonly uid?: number;
  readonly userName?: string;
  readonly texts?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
}

export function hostOf({uid = 1000, userName, texts = {}, modes = {}}: HostFacts = {}): Host {
  return {
    uid,
    userName,
    pid: 77,
    path: '/usr/bin:relative:/opt',
    text: (path) => texts[path] ?? '',
    mode: (path) => modes[path],
  };
}

export const allIds = '         0          0 4294967295\n';

export function mountLine(place: string, type: string, options = 'rw,relatime', superOptions = 'rw'): string {
  return `30 25 0:27 / ${place} ${options} shared:9 - ${type} ${type} ${superOptions}\n`;
}
