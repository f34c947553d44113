// A build as a story: each line an event or a pause. The sinks' golden files all tell the same ones.

import {sourceFile} from '../../../src/diagnostics/source-file.ts';
import type {ProgressSink, StepUsage} from '../../../src/progress/events.ts';
import type {FakeHost} from './fake-host.ts';

export class Story {
  readonly #sink: ProgressSink;
  readonly #host: FakeHost;
  readonly #names = new Map<string, string>();

  constructor(sink: ProgressSink, host: FakeHost) {
    this.#sink = sink;
    this.#host = host;
  }

  start(step: string, name: string, reason?: string): this {
    this.#names.set(step, name);
    const miss = reason === undefined ? {} : {miss: {code: 'files' as const, text: reason}};
    this.#sink.emit({type: 'step-started', step, name, atMs: this.#host.nowMs, ...miss});
    return this;
  }

  say(step: string, text: string | Uint8Array, stream: 'stdout' | 'stderr' = 'stdout'): this {
    const data = Buffer.from(text);
    this.#sink.emit({type: 'step-output', step, stream, data, atMs: this.#host.nowMs});
    // Its memory is used again.
    data.fill('-');
    return this;
  }

  note(step: string, text: string, name?: string): this {
    const named = name === undefined ? {} : {name};
    this.#sink.emit({type: 'step-note', step, ...named, text, atMs: this.#host.nowMs});
    return this;
  }

  fetch(step: string, item: string, current: number, total: number, done = false): this {
    const atMs = this.#host.nowMs;
    this.#sink.emit({type: 'step-progress', step, item, current, total, unit: 'bytes', done, atMs});
    return this;
  }

  end(step: string, outcome: 'done' | 'error' | 'canceled' = 'done', error?: string): this {
    const name = this.#names.get(step) ?? step;
    const more = error === undefined ? {} : {error};
    this.#sink.emit({type: 'step-finished', step, name, atMs: this.#host.nowMs, outcome, ...more});
    return this;
  }

  endUsing(step: string, usage: StepUsage): this {
    const name = this.#names.get(step) ?? step;
    this.#sink.emit({
      type: 'step-finished',
      step,
      name,
      atMs: this.#host.nowMs,
      outcome: 'done',
      usage,
    });
    return this;
  }

  cached(step: string, name: string): this {
    this.#sink.emit({type: 'step-finished', step, name, atMs: this.#host.nowMs, outcome: 'cached'});
    return this;
  }

  warn(code: string, message: string, line: number): this {
    const span = {line, column: 0, endLine: line, endColumn: 4};
    const file = sourceFile('Dockerfile', 'from scratch\n');
    const diagnostic = {severity: 'warning', code, message, file, span} as const;
    this.#sink.emit({type: 'warning', diagnostic, atMs: this.#host.nowMs});
    return this;
  }

  wait(milliseconds: number): this {
    this.#host.advance(milliseconds);
    return this;
  }

  close(): string {
    this.#sink.close();
    return this.#host.written();
  }
}

/** Everything a sink has to show, once. */
export function wholeBuild(story: Story): string {
  return story
    .start('df', '[internal] load build definition from Dockerfile')
    .fetch('df', 'transferring dockerfile:', 102, 0, true)
    .wait(12)
    .end('df')
    .start('from', '[1/4] FROM docker.io/library/busybox:latest')
    .fetch('from', 'sha256:ab12', 0, 2_000_000)
    .wait(1000)
    .fetch('from', 'sha256:ab12', 1_000_000, 2_000_000)
    .wait(500)
    .fetch('from', 'sha256:ab12', 2_000_000, 2_000_000, true)
    .end('from')
    .cached('workdir', '[2/4] WORKDIR /app')
    .start('run', '[3/4] RUN make all')
    .note('run', 'not cached: src/x.c has changed')
    .wait(312)
    .say('run', 'compiling x.c\nlink')
    .wait(100)
    .say('run', 'ing app\n')
    .say('run', 'warning: unused\n', 'stderr')
    .wait(50)
    .end('run')
    .start('copy', '[4/4] COPY . .')
    .wait(20)
    .end('copy')
    .start('export', 'exporting to image')
    .note('export', 'exporting layers')
    .wait(30)
    .end('export')
    .warn('FromAsCasing', "'as' and 'FROM' keywords' casing do not match", 1)
    .close();
}

/** Two steps at once; one fails, the other is stopped. */
export function failedBuild(story: Story): string {
  return story
    .start('a', '[a 2/2] RUN sleep 100')
    .start('b', '[b 2/2] RUN ./test.sh')
    .wait(100)
    .say('a', 'sleeping\n')
    .wait(100)
    .say('b', 'test 1 ok\n\x1b[31mtest 2 failed\x1b[0m\n')
    .wait(50)
    .say('b', 'no newline at the end')
    .end('b', 'error', 'process "/bin/sh -c ./test.sh" did not complete successfully: exit code: 1')
    .wait(5)
    .end('a', 'canceled')
    .close();
}
