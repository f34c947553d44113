// Variables in the order a process sees them. Setting one again moves it to the end, as in BuildKit's EnvList: the
// order is visible to `env` and part of a step's cache key.

export class Environment {
  readonly #values: Map<string, string>;

  constructor(values: Iterable<readonly [name: string, value: string]> = []) {
    this.#values = new Map(values);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string): void {
    this.#values.delete(name);
    this.#values.set(name, value);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  clone(): Environment {
    return new Environment(this.#values);
  }

  /** `K=V` each. */
  toList(): readonly string[] {
    return Array.from(this.#values, ([name, value]) => `${name}=${value}`);
  }
}

/** Splits `K=V`; a text without `=` is a name with an empty value. */
export function splitVariable(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}
