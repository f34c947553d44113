// What a caught value says: anything can be thrown, and all of it may have to be told.

/** The message of an error; anything else as text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
