// /etc/hosts of a step, with BuildKit's lines. Pure.

export interface ExtraHost {
  readonly host: string;
  /** An IP address, or `host-gateway`. */
  readonly address: string;
}

/** `hostAddress` is where the step reaches the host: what `host-gateway` stands for. */
export function hostsText(hostname: string, extraHosts: readonly ExtraHost[], hostAddress: string): string {
  const lines = [
    `127.0.0.1\tlocalhost ${hostname}`,
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...extraHosts.map(({host, address}) => `${address === 'host-gateway' ? hostAddress : address}\t${host}`),
  ];
  return `${lines.join('\n')}\n`;
}
