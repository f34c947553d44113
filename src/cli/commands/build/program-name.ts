// Which code this is, down to the last change: what one has noted down, another one may have said otherwise.

/** In the bundle (bin/bundle/load.cjs). */
declare const tsbuildLoad: {readonly program: string} | undefined;

/** Undefined where the sources run as they are. */
export function programName(): string | undefined {
  return typeof tsbuildLoad === 'function' ? (tsbuildLoad as {readonly program: string}).program : undefined;
}
