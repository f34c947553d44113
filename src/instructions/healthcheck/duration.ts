// Durations as Go writes them: `1m30s`, `1.5h`, `300ms`.

const nanosecondsPer: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds, or what is wrong with `text`. */
export function parseDuration(text: string): number | {readonly error: string} {
  const quoted = JSON.stringify(text);
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  if (rest === '') return {error: `time: invalid duration ${quoted}`};
  let total = 0;
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return {error: `time: invalid duration ${quoted}`};
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return {error: `time: missing unit in duration ${quoted}`};
    const factor = Object.hasOwn(nanosecondsPer, unit) ? nanosecondsPer[unit] : undefined;
    if (factor === undefined) {
      return {error: `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`};
    }
    total += Math.trunc(Number(number) * factor);
    rest = rest.slice(unit.length);
  }
  return sign * total;
}
