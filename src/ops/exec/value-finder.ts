// Finds values in bytes, all at once, in a time that depends on neither what they are nor how often they nearly occur:
// an automaton after Aho and Corasick, whose states are the beginnings of values. Output and a secret may both be a
// hundred thousand equal characters.

const byteValues = 256;

export interface FoundValues {
  /** Places `[start, end)` of values, those that touch each other's bytes as one. */
  readonly found: readonly [number, number][];
  /** Where a value may begin that has not come to its end; the length of what was searched where there is none. */
  readonly open: number;
}

export class ValueFinder {
  /** Of each state, its last byte, its length, its first child, and the next child of its parent; 0 is none. */
  readonly #byte: Uint8Array;
  readonly #depth: Uint32Array;
  readonly #child: Uint32Array;
  readonly #sibling: Uint32Array;
  /** The longest other state that it ends with. */
  readonly #shorter: Uint32Array;
  /** The length of the longest value that it ends with. */
  readonly #value: Uint32Array;
  /** The children of the empty state. */
  readonly #first = new Uint32Array(byteValues);
  #count = 1;

  constructor(values: readonly Uint8Array[]) {
    const most = values.reduce((sum, {length}) => sum + length, 1);
    this.#byte = new Uint8Array(most);
    this.#depth = new Uint32Array(most);
    this.#child = new Uint32Array(most);
    this.#sibling = new Uint32Array(most);
    this.#shorter = new Uint32Array(most);
    this.#value = new Uint32Array(most);
    for (const value of values) this.#add(value);
    this.#connect();
  }

  in(bytes: Uint8Array): FoundValues {
    const found: [number, number][] = [];
    let state = 0;
    for (let at = 0; at < bytes.length; at++) {
      state = this.#after(state, bytes[at] ?? 0);
      const length = this.#value[state] ?? 0;
      if (length > 0) addPlace(found, at + 1 - length, at + 1);
    }
    // A value that is no beginning of a longer one is complete.
    while (state !== 0 && this.#child[state] === 0) state = this.#shorter[state] ?? 0;
    return {found, open: bytes.length - (this.#depth[state] ?? 0)};
  }

  #after(before: number, byte: number): number {
    for (let state = before; state !== 0; state = this.#shorter[state] ?? 0) {
      const next = this.#childOf(state, byte);
      if (next !== 0) return next;
    }
    return this.#first[byte] ?? 0;
  }

  #childOf(state: number, byte: number): number {
    if (state === 0) return this.#first[byte] ?? 0;
    let child = this.#child[state] ?? 0;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child] ?? 0;
    return child;
  }

  #add(value: Uint8Array): void {
    let state = 0;
    for (const byte of value) {
      const known = this.#childOf(state, byte);
      state = known === 0 ? this.#make(state, byte) : known;
    }
    this.#value[state] = value.length;
  }

  #make(parent: number, byte: number): number {
    const state = this.#count++;
    this.#byte[state] = byte;
    this.#depth[state] = (this.#depth[parent] ?? 0) + 1;
    if (parent === 0) {
      this.#first[byte] = state;
    } else {
      this.#sibling[state] = this.#child[parent] ?? 0;
      this.#child[parent] = state;
    }
    return state;
  }

  /** From short states to long ones, for each needs what is known of shorter ones. */
  #connect(): void {
    const order = new Uint32Array(this.#count);
    let length = 0;
    for (const state of this.#first) if (state !== 0) order[length++] = state;
    for (let index = 0; index < length; index++) {
      const state = order[index] ?? 0;
      for (let child = this.#child[state] ?? 0; child !== 0; child = this.#sibling[child] ?? 0) {
        order[length++] = child;
        const shorter = this.#after(this.#shorter[state] ?? 0, this.#byte[child] ?? 0);
        this.#shorter[child] = shorter;
        this.#value[child] ||= this.#value[shorter] ?? 0;
      }
    }
  }
}

/** Places come in the order of their ends: a longer one may reach back over several. */
function addPlace(found: [number, number][], from: number, to: number): void {
  let start = from;
  for (let last = found.at(-1); last !== undefined && last[1] > start; last = found.at(-1)) {
    start = Math.min(start, last[0]);
    found.pop();
  }
  found.push([start, to]);
}
