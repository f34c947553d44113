// Our own mistakes are assertions; the user's mistakes are diagnostics (src/diagnostics). An AssertionError
// that reaches the CLI is printed as a bug of tsbuild and ends with exit code 70.

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws AssertionError unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Closes a switch over a closed union: adding a member stops compiling until every switch handles it. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${JSON.stringify(value)}`);
}
