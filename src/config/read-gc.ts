// The part of the configuration that limits space: `[gc]` of our own, and buildkitd.toml's `[worker.oci]` with gc,
// gckeepstorage and gcpolicy tables, which mean the same here. Sizes are bytes, "512MB", "20GiB" or a part of the
// disk, "10%"; times are seconds or "48h".

export type DiskSpace = {readonly bytes: number} | {readonly percent: number};

export interface GcPolicy {
  readonly all: boolean;
  readonly filters: readonly string[];
  readonly keepMs?: number | undefined;
  readonly reservedSpace?: DiskSpace | undefined;
  readonly maxUsedSpace?: DiskSpace | undefined;
  readonly minFreeSpace?: DiskSpace | undefined;
}

export interface GcConfig {
  readonly enabled: boolean;
  /** Applied in this order after builds and by `prune --automatic`; empty: the defaults. */
  readonly policies: readonly GcPolicy[];
  /** What the state directory never takes more than, also while a build runs; undefined: the default. */
  readonly hardCap?: DiskSpace | undefined;
}

export const defaultGcConfig: GcConfig = {enabled: true, policies: []};

/** What this part needs of the reader of the whole file. */
export interface GcReports {
  unknown(path: readonly string[], known: readonly string[]): void;
  wrong(path: readonly string[], expected: string, value: unknown): void;
}

type Table = Readonly<Record<string, unknown>>;

const policyKeys = [
  'all',
  'filters',
  'keepDuration',
  'keepBytes',
  'reservedSpace',
  'maxUsedSpace',
  'minFreeSpace',
];
const ownKeys = ['enabled', 'hardCap', 'policy', ...policyKeys];
const workerKeys = ['gc', 'gckeepstorage', 'gcpolicy', 'reservedSpace', 'maxUsedSpace', 'minFreeSpace'];
const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  KI: 2 ** 10,
  MI: 2 ** 20,
  GI: 2 ** 30,
  TI: 2 ** 40,
};

/** "20GB", "512MiB", "10%", bytes; undefined: none of these. */
export function parseDiskSpace(value: unknown): DiskSpace | undefined {
  if (typeof value === 'number' && value >= 0) return {bytes: value};
  if (typeof value !== 'string') return undefined;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(%|[KMGT]?I?B?)$/i.exec(value.trim()) ?? [];
  if (number === undefined) return undefined;
  if (unit === '%') return Number(number) <= 100 ? {percent: Number(number)} : undefined;
  const factor = unitBytes[unit.toUpperCase().replace(/B$/, '')];
  return factor === undefined ? undefined : {bytes: Math.round(Number(number) * factor)};
}

const unitsMs: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000};

/** Go's durations, and days; bare numbers are seconds, as in buildkitd.toml. */
export function durationMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g);
  return [...parts].reduce((sum, [, number, unit = '']) => sum + Number(number) * (unitsMs[unit] ?? 0), 0);
}

export class GcReader {
  readonly #reports: GcReports;

  constructor(reports: GcReports) {
    this.#reports = reports;
  }

  /** `[gc]` */
  own(value: unknown): GcConfig {
    const path = ['gc'];
    const table = this.#table(path, value, ownKeys);
    const listed = this.#policies([...path, 'policy'], table['policy']);
    const single = policyKeys.some((key) => table[key] !== undefined) ? [this.#policy(path, table)] : [];
    return {
      enabled: this.#flag([...path, 'enabled'], table['enabled']) ?? true,
      policies: [...single, ...listed],
      hardCap: this.#space([...path, 'hardCap'], table['hardCap']),
    };
  }

  /** `[worker.oci]`, of which only the collection is ours. */
  worker(value: unknown): GcConfig {
    const workers = this.#table(['worker'], value, ['oci', 'containerd']);
    const name = workers['oci'] === undefined && workers['containerd'] !== undefined ? 'containerd' : 'oci';
    const path = ['worker', name];
    const table = this.#table(path, workers[name] ?? {}, workerKeys);
    const listed = this.#policies([...path, 'gcpolicy'], table['gcpolicy']);
    const keep = this.#space([...path, 'gckeepstorage'], table['gckeepstorage']);
    const limits = {...this.#limits(path, table), ...(keep === undefined ? {} : {maxUsedSpace: keep})};
    const isLimited = Object.values(limits).some((limit) => limit !== undefined);
    const single: GcPolicy[] = isLimited && listed.length === 0 ? [{all: true, filters: [], ...limits}] : [];
    return {enabled: this.#flag([...path, 'gc'], table['gc']) ?? true, policies: [...single, ...listed]};
  }

  #policies(path: readonly string[], value: unknown): GcPolicy[] {
    if (value === undefined) return [];
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item) => this.#policy(path, this.#table(path, item, policyKeys)));
  }

  #policy(path: readonly string[], table: Table): GcPolicy {
    const limits = this.#limits(path, table);
    const keepBytes = this.#space([...path, 'keepBytes'], table['keepBytes']);
    return {
      all: this.#flag([...path, 'all'], table['all']) ?? false,
      filters: this.#texts([...path, 'filters'], table['filters']),
      keepMs: this.#time([...path, 'keepDuration'], table['keepDuration']),
      ...limits,
      reservedSpace: limits.reservedSpace ?? keepBytes,
    };
  }

  #limits(
    path: readonly string[],
    table: Table,
  ): Pick<GcPolicy, 'reservedSpace' | 'maxUsedSpace' | 'minFreeSpace'> {
    return {
      reservedSpace: this.#space([...path, 'reservedSpace'], table['reservedSpace']),
      maxUsedSpace: this.#space([...path, 'maxUsedSpace'], table['maxUsedSpace']),
      minFreeSpace: this.#space([...path, 'minFreeSpace'], table['minFreeSpace']),
    };
  }

  #table(path: readonly string[], value: unknown, known: readonly string[]): Table {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
      this.#reports.wrong(path, `a table like [${path.join('.')}]`, value);
      return {};
    }
    for (const key of Object.keys(value))
      if (!known.includes(key)) this.#reports.unknown([...path, key], known);
    return value as Table;
  }

  #space(path: readonly string[], value: unknown): DiskSpace | undefined {
    if (value === undefined) return undefined;
    const space = parseDiskSpace(value);
    if (space === undefined) this.#reports.wrong(path, 'a size like "20GB" or "10%"', value);
    return space;
  }

  #time(path: readonly string[], value: unknown): number | undefined {
    if (value === undefined) return undefined;
    const time =
      typeof value === 'number' || typeof value === 'string' ? durationMs(String(value)) : undefined;
    if (time === undefined) this.#reports.wrong(path, 'a time like "48h", or seconds', value);
    return time;
  }

  #flag(path: readonly string[], value: unknown): boolean | undefined {
    if (value !== undefined && typeof value !== 'boolean') this.#reports.wrong(path, 'true or false', value);
    return typeof value === 'boolean' ? value : undefined;
  }

  #texts(path: readonly string[], value: unknown): readonly string[] {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value as string[];
    this.#reports.wrong(path, 'a list of texts like ["type==regular"]', value);
    return [];
  }
}
