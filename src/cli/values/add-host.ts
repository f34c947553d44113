// --add-host HOST:IP or HOST=IP.

import {isIP} from 'node:net';
import type {Problem} from './problem.ts';

export interface ExtraHost {
  readonly host: string;
  readonly address: string;
}

/** RUN steps that have a network share the host's, so the way to the host is its loopback. */
const hostGateway = '127.0.0.1';

export function parseAddHost(text: string): ExtraHost | Problem {
  const match = /^([^=:]+)[=:](.+)$/.exec(text);
  if (match === null) return {problem: `--add-host expects HOST:IP, got "${text}"`};
  const [, host = '', spelled = ''] = match;
  const address = spelled.replace(/^\[(.*)\]$/, '$1');
  if (address === 'host-gateway') return {host, address: hostGateway};
  if (isIP(address) === 0) return {problem: `--add-host ${text}: "${address}" is not an IP address`};
  return {host, address};
}
