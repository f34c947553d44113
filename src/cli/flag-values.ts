// The flags of one command line, in the order given. Values are text; the last one wins where a flag has one value.

export class FlagValues {
  readonly #seen: readonly (readonly [name: string, value: string])[];

  constructor(seen: readonly (readonly [name: string, value: string])[]) {
    this.#seen = seen;
  }

  /** Every value of a repeatable flag. */
  all(name: string): string[] {
    return this.#seen.filter(([flag]) => flag === name).map(([, value]) => value);
  }

  last(name: string): string | undefined {
    return this.#seen.findLast(([flag]) => flag === name)?.[1];
  }

  /** All but one, whose name means something else to who reads them next. */
  without(name: string): FlagValues {
    return new FlagValues(this.#seen.filter(([flag]) => flag !== name));
  }

  /** A boolean flag that is on. */
  has(name: string): boolean {
    return this.last(name) === 'true';
  }
}
