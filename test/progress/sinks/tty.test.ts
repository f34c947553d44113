import {describe, expect, it} from 'vitest';
import {createTtySink} from '../../../src/progress/sinks/tty/tty-sink.ts';
import {type FakeHost, fakeHost} from './fake-host.ts';
import {failedBuild, Story, wholeBuild} from './story.ts';
import {screenOf} from './terminal.ts';

function stage(options?: Parameters<typeof fakeHost>[0]): {
  story: Story;
  host: FakeHost;
  screen: () => string;
} {
  const host = fakeHost(options);
  return {
    host,
    story: new Story(createTtySink(host), host),
    screen: () => screenOf(host.written()).lines.join('\n'),
  };
}

describe('tty progress', () => {
  it('leaves the picture of a whole build', async () => {
    const {story, screen} = stage();
    wholeBuild(story);
    await expect(screen()).toMatchFileSnapshot('golden/whole.tty.txt');
  });

  it('leaves the picture of a failed build, and the log of what failed', async () => {
    const {story, screen} = stage();
    failedBuild(story);
    await expect(screen()).toMatchFileSnapshot('golden/failed.tty.txt');
  });

  it('shows running steps with their last lines', async () => {
    const {story, screen} = stage();
    story
      .cached('c', '[1/2] WORKDIR /app')
      .start('a', '[2/2] RUN make')
      .note('a', 'not cached: Makefile has changed');
    for (let line = 1; line <= 9; line++) story.say('a', `line ${line}\n`);
    story.wait(2350);
    await expect(screen()).toMatchFileSnapshot('golden/running.tty.txt');
  });

  it('calls a step that waits by its name', () => {
    const {story, screen} = stage();
    story.note('sha256:1', 'waiting for another', '[2/2] RUN make').wait(150);
    expect(screen()).toMatch(/ => \[2\/2\] RUN make .*\n => => waiting for another/);
  });

  it('says beside a step why it was not cached, in the last picture as well', () => {
    const {story, screen} = stage();
    story.start('a', '[2/2] RUN make', 'x.c changed').wait(150);
    expect(screen()).toContain(' => [2/2] RUN make  (not cached: x.c changed) ');
    story.end('a').close();
    expect(screen()).toContain(' => [2/2] RUN make  (not cached: x.c changed) ');
  });

  it('shows what a running step says now, and in the last picture all that it said', () => {
    const {story, screen} = stage();
    story.start('a', 'exporting to image').note('a', 'exporting layers').note('a', 'naming to app').wait(150);
    expect(screen()).toContain(' => => naming to app');
    expect(screen()).not.toContain('exporting layers');
    story.end('a').close();
    expect(screen()).toMatch(/ => exporting to image .*\n => => exporting layers\n => => naming to app/);
  });

  it('shows the end of what a step said, where it said much', () => {
    const {story, screen} = stage();
    story.start('a', 'pushing');
    for (let blob = 1; blob <= 9; blob++) story.note('a', `blob ${blob} is there`);
    story.end('a').close();
    expect(screen()).not.toContain('blob 1 is there');
    expect(screen()).toMatch(/blob 2 is there\n[\s\S]*blob 9 is there/);
  });

  it('shows as many lines of output as asked for', () => {
    const host = {...fakeHost(), outputLines: 2};
    const ticks: (() => void)[] = [];
    const every = (_: number, tick: () => void): (() => void) => {
      ticks.push(tick);
      return () => {};
    };
    const sink = createTtySink({...host, every});
    new Story(sink, host).start('a', 'A').say('a', '1\n2\n3\n');
    for (const tick of ticks) tick();
    const lines = screenOf(host.written()).lines.filter((line) => line.startsWith(' => => #'));
    expect(lines).toEqual([' => => # 2', ' => => # 3']);
  });

  it('gives the cursor back and closes its update', () => {
    const {story, host} = stage();
    wholeBuild(story);
    const {cursorVisible, updating} = screenOf(host.written());
    expect({cursorVisible, updating}).toEqual({cursorVisible: true, updating: false});
  });

  it('hides the cursor while it draws, and draws each frame in one synchronized update', () => {
    const {story, host} = stage();
    story.start('a', 'A').wait(1000);
    expect(screenOf(host.written())).toMatchObject({cursorVisible: false, updating: false});
    expect(host.written().split('\x1b[?2026h').length - 1).toBe(10);
  });

  it('draws by the clock, not by events', () => {
    const {story, host} = stage();
    story.start('a', 'A');
    for (let line = 0; line < 1000; line++) story.say('a', `${line}\n`);
    expect(host.written()).toBe('');
    story.wait(100);
    expect(host.written().split('\x1b[?2026h').length - 1).toBe(1);
  });

  it('never draws wider or higher than the terminal', () => {
    const {story, host} = stage({columns: 30, rows: 10});
    for (let step = 0; step < 30; step++) {
      story.start(`s${step}`, `[${step}/30] RUN a-rather-long-command --with --flags`);
      story.say(`s${step}`, `${'output '.repeat(20)}\n`);
      if (step % 2 === 0) story.end(`s${step}`);
    }
    story.wait(100);
    const lines = screenOf(host.written()).lines;
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(29);
  });

  it('prefers running steps when not all fit', () => {
    const {story, screen} = stage({rows: 6});
    for (let step = 0; step < 10; step++) story.start(`d${step}`, `done ${step}`).end(`d${step}`);
    story.start('r', 'running').wait(100);
    expect(screen()).toMatch(/done 9[\s\S]*running/);
    expect(screen()).not.toMatch(/done 0/);
  });

  it('finds its first line again after the terminal was made narrower', () => {
    const {story, host} = stage({columns: 60});
    story.start('a', `[1/1] RUN ${'x'.repeat(100)}`).wait(100);
    const before = host.written().length;
    host.resize(30, 24);
    story.wait(100);
    // Two lines of 59 columns have become two rows each on 30 columns; the title needs one.
    expect(host.written().slice(before)).toMatch(/\x1b\[3A/);
  });

  it('lets no escape of a process reach the terminal', () => {
    const {story, host, screen} = stage();
    story.start('a', 'evil \x1b[2J step');
    story
      .say('a', '\x1b[2Jcleared\x1b]0;title\x07 \x1b[31mred\x1b[0m\n')
      .say('a', 'bell\x07 back\b tab\tend\n');
    story.say('a', '10%\r50%\r100%\n');
    story.wait(100);
    const running = screen();
    story.end('a', 'error', 'failed').close();
    expect(host.written()).not.toContain('\x1b[2J');
    expect(host.written()).not.toContain('\x07');
    expect(host.written()).not.toContain('\x1b[31m');
    expect(running).toMatch(/# cleared red\n => => # bell back tab {4}end\n => => # 100%/);
    expect(screen()).toMatch(/0\.000 cleared red\n0\.000 bell back tab {4}end\n0\.000 100%/);
  });

  it('colours finished, failed and stopped steps when colours are wanted', () => {
    const {story, host} = stage({color: true});
    failedBuild(story.start('ok', 'OK').end('ok'));
    expect(host.written()).toMatch(/\x1b\[34m => OK/);
    expect(host.written()).toMatch(/\x1b\[31m => ERROR \[b/);
    expect(host.written()).toMatch(/\x1b\[33m => CANCELED \[a/);
  });

  it('tells what a long step used where there is room for it', () => {
    const usage = {wallMs: 3000, cpuMs: 5140, memoryBytes: 211_900_000, readBytes: 0, writtenBytes: 0};
    const lineAt = (columns: number): string | undefined => {
      const {story, screen} = stage({columns});
      story.start('a', 'A').wait(3200).endUsing('a', usage).close();
      return screen()
        .split('\n')
        .find((line) => line.includes(' => A'));
    };
    expect(lineAt(101)).toMatch(/^ => A {60,}cpu 5\.1s {2}mem 212 MB {2}3\.2s$/);
    expect(lineAt(100)).toMatch(/^ => A {60,}3\.2s$/);
  });

  it('adds up the times of a step that starts again', () => {
    const {story, screen} = stage();
    story.start('a', 'A').wait(300).end('a').wait(1000).start('a', 'A').wait(500).end('a').close();
    expect(screen()).toMatch(/\(1\/1\) FINISHED\n => A +0\.8s\n/);
  });

  it('shows all steps at the end, however many', () => {
    const {story, host} = stage({rows: 8});
    for (let step = 0; step < 40; step++) story.start(`d${step}`, `step ${step}.`).wait(100).end(`d${step}`);
    story.close();
    const final = host.written().slice(host.written().lastIndexOf('[+]'));
    for (let step = 0; step < 40; step++) expect(final).toContain(`step ${step}.`);
  });
});
