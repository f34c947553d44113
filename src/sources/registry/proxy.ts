// Which proxy a URL goes through, by Go's rules (golang.org/x/net/http/httpproxy), since docker follows them: NO_PROXY
// holds hosts with their subdomains, `.suffixes`, addresses, CIDR blocks and ports; this machine is never proxied.

import {BlockList, isIP} from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** URL of the proxy for `url`, or undefined for a direct connection. */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const upper = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = environment[upper] || environment[upper.toLowerCase()];
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (isLoopback(host)) return undefined;
  const exceptions = environment['NO_PROXY'] || environment['no_proxy'] || '';
  if (exceptions.split(',').some((exception) => matches(exception.trim().toLowerCase(), host, port)))
    return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function matches(exception: string, host: string, port: string): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const block = /^(.+)\/(\d{1,3})$/.exec(exception);
  if (block !== null) return inBlock(host, block[1] ?? '', Number(block[2]));
  const {name, only} = splitPort(exception);
  if (only !== undefined && only !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const suffix = name.replace(/^\*/, '');
  if (suffix.startsWith('.')) return host.endsWith(suffix);
  return host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(exception: string): {name: string; only?: string} {
  if (isIP(exception) === 6) return {name: exception};
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(exception);
  return match === null
    ? {name: exception.replace(/^\[|\]$/g, '')}
    : {name: match[1] ?? '', only: match[2] ?? ''};
}

function inBlock(host: string, network: string, prefix: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || prefix > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}
