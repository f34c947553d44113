// What a caught value says: anything can be thrown, and all of it may have to be told.

import {getSystemErrorMap} from 'node:util';

/** The message of an error; anything else as text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why the system refused something, in words: `permission denied` for EACCES. Anything else as errorText has it. */
export function refusalText(error: unknown): string {
  const {code} = (error ?? {}) as {readonly code?: unknown};
  if (code === 'EISDIR') return 'is a directory';
  const told = [...getSystemErrorMap().values()].find(([name]) => name === code);
  return told?.[1] ?? errorText(error);
}
