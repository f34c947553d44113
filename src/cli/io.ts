// What a command may touch of the outside: the process's streams, environment and working directory, handed in so
// that tests can run whole commands in memory. Commands return exit codes; only main.ts ends the process.

export interface CliIo {
  readonly stdin: AsyncIterable<Uint8Array | string> & {
    readonly isTTY?: boolean;
    /** Of a terminal: what is typed comes letter by letter, and is not shown. */
    setRawMode?(on: boolean): unknown;
  };
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Signals go to `take` instead of interrupting the command, until the function it gives is called. */
  onSignal?(take: (signal: NodeJS.Signals) => void): () => void;
  /** What Ctrl-C does, for who reads a terminal that does not make a signal of it. */
  interrupt?(): void;
}

/** A writable stream that may be a terminal. */
export interface CliOutput extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Everything standard input has. */
export async function readAll(stdin: CliIo['stdin']): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}
