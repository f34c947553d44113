// resolv.conf as a value (resolv.conf(5)), and what becomes of the host's for a step with a network of its own. Pure.

import {isIP} from 'node:net';
import type {DnsConfig} from '../config/config.ts';

export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
  /** Lines that are none of the above, as they stand. */
  readonly other: readonly string[];
}

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  const other: string[] = [];
  let search: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword = '', ...values] = line.trim().split(/\s+/);
    if (keyword === '' || /^[#;]/.test(keyword)) continue;
    if (keyword === 'nameserver')
      nameservers.push(...values.slice(0, 1).filter((value) => isIP(value) !== 0));
    // `domain` is an older word for it; the last of them counts.
    else if (keyword === 'search' || keyword === 'domain') search = values.length > 0 ? values : search;
    else if (keyword === 'options') options.push(...values);
    else other.push(line.trim());
  }
  return {nameservers, search, options, other};
}

export function resolvConfText({nameservers, search, options, other}: ResolvConf): string {
  const lines = [
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    ...other,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Is there only a resolver of the host itself, systemd-resolved's stub for instance? */
export function hasOnlyLoopback({nameservers}: ResolvConf): boolean {
  return nameservers.length > 0 && nameservers.every(isLoopback);
}

/** The `[dns]` section, where it says something, instead of what the host has. */
export function configured(host: ResolvConf, dns: DnsConfig): ResolvConf {
  const either = (own: readonly string[], other: readonly string[]) => (own.length > 0 ? own : other);
  return {
    nameservers: either(dns.nameservers, host.nameservers),
    // A single dot is how people write that there is none.
    search: either(dns.searchDomains, host.search).filter(
      (domain) => domain !== '.' || dns.searchDomains.length === 0,
    ),
    options: either(dns.options, host.options),
    other: host.other,
  };
}

export interface Reach {
  /** Can the step speak IPv6 with the world? */
  readonly ipv6: boolean;
  /** Where the host's own resolver can be reached from the step, if it can. */
  readonly hostResolver?: string | undefined;
}

/** Docker's: what is asked when no server of the host can be reached. */
const publicServers = ['8.8.8.8', '8.8.4.4'];
const publicServers6 = ['2001:4860:4860::8888', '2001:4860:4860::8844'];

/** Only servers that the step can reach; never none. Not for servers somebody configured: they are meant. */
export function reachable(conf: ResolvConf, {ipv6, hostResolver}: Reach): ResolvConf {
  const kept = conf.nameservers.filter(
    (address) => !isLoopback(address) && !isLinkLocal(address) && (ipv6 || isIP(address) === 4),
  );
  const fallback =
    hostResolver === undefined ? [...publicServers, ...(ipv6 ? publicServers6 : [])] : [hostResolver];
  return {...conf, nameservers: kept.length > 0 ? kept : fallback};
}

function isLoopback(address: string): boolean {
  return /^127\./.test(address) || /^::ffff:127\./i.test(address) || /^(0*:)*:?0*1$/.test(address);
}

/** `fe80::1%eth0` is about a device that the step does not have. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
