// Platforms as `os/architecture[/variant]` with GOOS and GOARCH names. parse, normalise, match: see containerd's
// platforms rules (x86_64 is amd64, aarch64 is arm64, arm defaults to v7, arm64/v8 is arm64).

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
}

/** The machine's own platform in OCI's names. */
export function hostPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = {x64: 'amd64', ia32: '386', arm: 'arm'};
  const architecture = architectures[process.arch] ?? process.arch;
  return architecture === 'arm' ? {os: 'linux', architecture, variant: 'v7'} : {os: 'linux', architecture};
}

const architectureAliases: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  amd64: ['amd64'],
  i386: ['386'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** Parses `linux/amd64`, `linux/arm/v7`, `arm64`, `linux`; a problem text when it is none of these. */
export function parsePlatform(text: string): Platform | {readonly problem: string} {
  const parts = text.split('/');
  const shown = JSON.stringify(text);
  // The texts are containerd's, which docker prints.
  if (parts.length > 3) return {problem: `${shown}: cannot parse platform specifier: invalid argument`};
  const bad = parts.find((part) => !/^[A-Za-z0-9_.()-]+$/.test(part));
  if (bad !== undefined) {
    const rule = 'platform specifier component must match "^[A-Za-z0-9_.-]+$"';
    return {problem: `${JSON.stringify(bad)} is an invalid component of ${shown}: ${rule}: invalid argument`};
  }
  const host = hostPlatform();
  const [system = '', second, third] = parts.map((part) => part.toLowerCase());
  // `windows(10.0.17763)/amd64` names the version of the system, too.
  const [, first = system, version] = /^([^()]+)\(([^()]*)\)$/.exec(system) ?? [];
  const osVersion = version === undefined || version === '' ? {} : {'os.version': version};
  if (second === undefined) {
    if (knownSystems.has(first)) return {...host, os: systemAliases[first] ?? first, ...osVersion};
    if (Object.hasOwn(architectureAliases, first) || knownArchitectures.has(first))
      return normalised('linux', first, undefined);
    return {problem: `${shown}: unknown operating system or architecture: invalid argument`};
  }
  return {...normalised(first, second, third), ...osVersion};
}

/** The operating systems that Go has, as containerd lists them. `parsePlatform` takes others, too. */
const systemNames =
  'aix android darwin dragonfly freebsd illumos ios js linux macos netbsd openbsd plan9 solaris wasi wasip1 windows';
export const knownSystems: ReadonlySet<string> = new Set(systemNames.split(' '));
const systemAliases: Readonly<Record<string, string>> = {macos: 'darwin'};

/** Each way to write a platform as the one that is compared and printed: `arm64/v8` is `arm64`. */
export function normalisePlatform({os, architecture, variant, ...rest}: Platform): Platform {
  return {...normalised(os.toLowerCase(), architecture.toLowerCase(), variant || undefined), ...rest};
}

const knownArchitectures = new Set(
  '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x wasm'.split(' '),
);

function normalised(os: string, architecture: string, variant: string | undefined): Platform {
  const alias = Object.hasOwn(architectureAliases, architecture)
    ? architectureAliases[architecture]
    : undefined;
  const name = alias?.[0] ?? architecture;
  let kind = variant ?? alias?.[1];
  if (name === 'arm') kind = kind === undefined ? 'v7' : kind.startsWith('v') ? kind : `v${kind}`;
  if (name === 'arm64' && (kind === 'v8' || kind === '8')) kind = undefined;
  if (name === 'amd64' && kind === 'v1') kind = undefined;
  const base = {os: systemAliases[os] ?? os, architecture: name};
  return kind === undefined ? base : {...base, variant: kind};
}

/** `linux/arm/v7`. */
export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant === undefined ? base : `${base}/${platform.variant}`;
}

/** `windows(10.0.17763)/amd64`: the version of the system stands where there is one. */
export function formatPlatformVersion(platform: Platform): string {
  const version = platform['os.version'];
  if (version === undefined || version === '') return formatPlatform(platform);
  return formatPlatform({...platform, os: `${platform.os}(${version})`});
}

/**
 * The platforms that run on `platform`, best first, as containerd's `platforms.Only` has them: an arm/v7 machine runs
 * v6 and v5 images, arm64 runs arm, amd64 runs 386 and lower micro-architecture levels.
 */
export function runnablePlatforms(platform: Platform): readonly Platform[] {
  const {os, architecture, variant} = platform;
  const level = Number(/^v(\d)$/.exec(variant ?? '')?.[1] ?? Number.NaN);
  if (architecture === 'amd64') {
    const lower =
      level > 1 ? descending(level - 1, 2).map((n) => ({os, architecture, variant: `v${n}`})) : [];
    const plain = variant === undefined ? [] : [{os, architecture}];
    return [platform, ...lower, ...plain, {os, architecture: '386'}];
  }
  if (architecture === 'arm' && level > 5) {
    return [platform, ...descending(level - 1, 5).map((n) => ({os, architecture, variant: `v${n}`}))];
  }
  if (architecture === 'arm64') {
    const plain = variant === undefined ? [] : [{os, architecture}];
    const arm = descending(8, 5).map((n) => ({os, architecture: 'arm', variant: `v${n}`}));
    return [platform, ...plain, ...arm];
  }
  return [platform];
}

/**
 * How well an image of platform `offered` serves `wanted`: 0 is exact, larger is worse, undefined does not run.
 * `offered` may come from outside in any spelling (`arm64/v8`, `x86_64`).
 */
export function platformRank(wanted: Platform, offered: Platform): number | undefined {
  const image = normalisePlatform(offered);
  const rank = runnablePlatforms(wanted).findIndex(
    (platform) =>
      platform.os === image.os &&
      platform.architecture === image.architecture &&
      platform.variant === image.variant,
  );
  return rank < 0 ? undefined : rank;
}

/** The offer that serves `wanted` best; of equal ones the first. Offers that say no platform serve nobody. */
export function bestOffer<T extends {readonly platform?: Platform}>(
  wanted: Platform,
  offers: readonly T[],
): T | undefined {
  let best: T | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const offer of offers) {
    const rank = offer.platform === undefined ? undefined : platformRank(wanted, offer.platform);
    if (rank === undefined || rank >= bestRank) continue;
    best = offer;
    bestRank = rank;
  }
  return best;
}

function descending(from: number, to: number): number[] {
  return Array.from({length: Math.max(0, from - to + 1)}, (_, index) => from - index);
}
