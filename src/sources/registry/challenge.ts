// WWW-Authenticate as RFC 7235 has it: `Bearer realm="…",service="…", Basic realm="…"`. Several challenges may share
// one header, and commas separate both challenges and parameters.

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(
  `\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))\\s*(?:,|$)?`,
  'y',
);
const schemeName = new RegExp(`[\\s,]*(${token})(?:\\s+|$|,)`, 'y');

/** The challenges of a header; what cannot be read ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let position = 0;
  while (position < header.length) {
    schemeName.lastIndex = position;
    const scheme = schemeName.exec(header);
    if (scheme === null) break;
    position = schemeName.lastIndex;
    const parameters = new Map<string, string>();
    for (;;) {
      parameter.lastIndex = position;
      const match = parameter.exec(header);
      if (match === null) break;
      position = parameter.lastIndex;
      parameters.set((match[1] ?? '').toLowerCase(), match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '');
    }
    challenges.push({scheme: (scheme[1] ?? '').toLowerCase(), parameters});
  }
  return challenges;
}

/**
 * Scopes between blanks (distribution/docs/spec/auth/scope.md): each resource once, with all actions, sorted, since
 * registries name actions in any order.
 */
export function mergedScopes(text: string): string[] {
  const actionsOf = new Map<string, Set<string>>();
  for (const scope of text.split(' ').filter((one) => one !== '')) {
    // Names of resources may have a port.
    const [, resource = scope, actions] = /^(.*):([^:]*)$/.exec(scope) ?? [];
    const known = actionsOf.get(resource) ?? [];
    actionsOf.set(resource, new Set([...known, ...(actions?.split(',') ?? [])]));
  }
  return [...actionsOf].map(([resource, actions]) =>
    actions.size === 0 ? resource : `${resource}:${[...actions].toSorted().join(',')}`,
  );
}
