// What goes into a program that was started: piece by piece, as fast as it reads.

/** Resolves when the next piece may come. */
export function written(stream: NodeJS.WritableStream, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
