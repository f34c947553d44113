// The one expected failure. `kind` decides the exit code (design: 1 user or step, 2 usage, 3 environment).

import type {Diagnostic} from './diagnostic.ts';

export type BuildErrorKind = 'user' | 'step' | 'usage' | 'environment';

export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly kind: BuildErrorKind;
  readonly diagnostics: readonly [Diagnostic, ...Diagnostic[]];

  constructor(
    kind: BuildErrorKind,
    diagnostics: readonly [Diagnostic, ...Diagnostic[]],
    options?: ErrorOptions,
  ) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('\n'), options);
    this.kind = kind;
    this.diagnostics = diagnostics;
  }
}

/** A BuildError with a single error diagnostic. */
export function buildError(
  kind: BuildErrorKind,
  code: string,
  message: string,
  more: Omit<Diagnostic, 'severity' | 'code' | 'message'> & {cause?: unknown} = {},
): BuildError {
  const {cause, ...rest} = more;
  return new BuildError(
    kind,
    [{severity: 'error', code, message, ...rest}],
    cause === undefined ? undefined : {cause},
  );
}
