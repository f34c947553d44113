// How a step is called in progress: `[build 3/5] RUN make`. The numbers count FROM (unless it is scratch or a stage of
// the file) and the instructions that make layers; the stage's name stands only where there are several.

export class StepNames {
  #index = 0;
  #total: number;
  readonly stageName: string;

  constructor(stageName: string, total: number) {
    this.stageName = stageName;
    this.#total = total;
  }

  /** ONBUILD triggers join the steps of the stage that runs them. */
  addSteps(count: number): void {
    this.#total += count;
  }

  /** Gives the next number to `text`. */
  next(text: string, fromTrigger = false): string {
    if (this.#total === 0) return text;
    this.#index += 1;
    return this.current(text, fromTrigger);
  }

  /** The number given last, for the second vertex of one instruction (COPY --link). */
  current(text: string, fromTrigger = false): string {
    if (this.#total === 0) return text;
    const width = String(this.#total).length;
    const stage = this.stageName === '' ? '' : `${this.stageName} `;
    const trigger = fromTrigger ? 'ONBUILD ' : '';
    return `[${stage}${String(this.#index).padStart(width)}/${this.#total}] ${trigger}${text}`;
  }
}

/** An instruction as written, its keyword in capitals. */
export function withUpperKeyword(text: string): string {
  const blank = text.indexOf(' ');
  return blank < 0 ? text.toUpperCase() : text.slice(0, blank).toUpperCase() + text.slice(blank);
}

/** First line of a heredoc: `apt-get update...`. */
export function summaryOf(content: string): string {
  const lines = content.trim().split(/\r?\n/);
  return lines.length > 1 ? `${lines[0]}...` : (lines[0] ?? '');
}
