// What a reader of a flag's value gives when the value is no good: a text that says what was expected and what was
// got.

export interface Problem {
  readonly problem: string;
}

export function isProblem(value: object): value is Problem {
  return 'problem' in value;
}
