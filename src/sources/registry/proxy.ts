// Which proxy a URL goes through, by Go's rules (golang.org/x/net/http/httpproxy), since docker follows them: NO_PROXY
// holds hosts with their subdomains, `.suffixes`, addresses, CIDR blocks and ports; this machine is never proxied.

import {BlockList, isIP} from 'node:net';
import {buildError} from '../../diagnostics/build-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const schemes = new Set(['http:', 'https:']);

/** URL of the proxy for `url`, or undefined for a direct connection. Throws BuildError where it is none. */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const upper = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const name = environment[upper] ? upper : upper.toLowerCase();
  const proxy = environment[name];
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (isLoopback(host)) return undefined;
  const exceptions = environment['NO_PROXY'] || environment['no_proxy'] || '';
  if (exceptions.split(',').some((exception) => matches(exception.trim().toLowerCase(), host, port)))
    return undefined;
  return addressOf(proxy, name);
}

function addressOf(proxy: string, name: string): string {
  const address = proxy.includes('://') ? proxy : `http://${proxy}`;
  const parsed = URL.canParse(address) ? new URL(address) : undefined;
  if (parsed !== undefined && schemes.has(parsed.protocol) && parsed.hostname !== '') return address;
  // Without the text, which may hold a password.
  throw buildError('environment', 'registry-invalid-proxy', `${name} is no address of a proxy`, {
    hints: ['a proxy is written as http://HOST:PORT or https://HOST:PORT; SOCKS is not supported'],
  });
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
