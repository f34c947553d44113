// How `tsbuild` ends. Scripts depend on these numbers: adding one is fine, changing one is not.

import type {BuildErrorKind} from '../diagnostics/build-error.ts';

export const exitCodes = {
  ok: 0,
  /** The Dockerfile, the context or a step is wrong. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The machine cannot do it: no user namespaces, disk full, state directory not writable. */
  environment: 3,
  /** A bug of tsbuild (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** Ended by SIGINT or SIGTERM (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(kind: BuildErrorKind): ExitCode {
  switch (kind) {
    case 'user':
    case 'step':
      return exitCodes.failed;
    case 'usage':
      return exitCodes.usage;
    case 'environment':
      return exitCodes.environment;
  }
}
