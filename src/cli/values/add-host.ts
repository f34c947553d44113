// --add-host HOST:IP or HOST=IP.

import {isIP} from 'node:net';
import type {Problem} from './problem.ts';

export interface ExtraHost {
  readonly host: string;
  /** An IP address, or `host-gateway`: where a step reaches the host. */
  readonly address: string;
}

export function parseAddHost(text: string): ExtraHost | Problem {
  const match = /^([^=:]+)[=:](.+)$/.exec(text);
  if (match === null) return {problem: `--add-host expects HOST:IP, got "${text}"`};
  const [, host = '', spelled = ''] = match;
  const address = spelled.replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0)
    return {problem: `--add-host ${text}: "${address}" is not an IP address`};
  return {host, address};
}
