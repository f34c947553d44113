import {describe, expect, it} from 'vitest';
import {createPlainSink} from '../../../src/progress/sinks/plain/plain-sink.ts';
import {fakeHost} from './fake-host.ts';
import {failedBuild, Story, wholeBuild} from './story.ts';

function story(): Story {
  const host = fakeHost();
  return new Story(createPlainSink(host), host);
}

describe('plain progress', () => {
  it('tells a whole build', async () => {
    await expect(wholeBuild(story())).toMatchFileSnapshot('golden/whole.plain.txt');
  });

  it('tells a failed build', async () => {
    await expect(failedBuild(story())).toMatchFileSnapshot('golden/failed.plain.txt');
  });

  it('writes once for what happened at the same time', () => {
    const writes: string[] = [];
    const host = {
      ...fakeHost(),
      write: (data: string | Uint8Array) => void writes.push(Buffer.from(data).toString()),
    };
    const sink = createPlainSink(host);
    const at = {name: 'A', atMs: 0} as const;
    sink.emitAll?.([
      {type: 'step-started', step: 'a', ...at},
      {type: 'step-finished', step: 'a', outcome: 'done', ...at},
      {type: 'step-started', step: 'b', ...at, name: 'B'},
    ]);
    expect(writes).toEqual(['#1 A\n#1 DONE 0.0s\n\n#2 B\n']);
    sink.emit({type: 'step-finished', step: 'b', outcome: 'done', ...at});
    expect(writes.slice(1)).toEqual(['#2 DONE 0.0s\n\n']);
  });

  it('lets no step wait that has more to say than a megabyte', () => {
    const host = fakeHost();
    const line = 'x'.repeat(1023);
    const told = new Story(createPlainSink(host), host).start('a', 'A').say('a', 'first\n').start('b', 'B');
    told.say('b', `${line}\n`);
    expect(host.written()).not.toContain(line);
    told.say('b', `${line}\n`.repeat(1024));
    expect(host.written().split(line)).toHaveLength(1026);
  });

  it('numbers steps in the order in which they are first seen', () => {
    const text = story().start('b', 'B').end('b').start('a', 'A').end('a').close();
    expect(text).toBe('#1 B\n#1 DONE 0.0s\n\n#2 A\n#2 DONE 0.0s\n\n');
  });

  it('calls a step that waits by its name', () => {
    const text = story().note('sha256:1', 'waits', 'A').start('sha256:1', 'A').end('sha256:1').close();
    expect(text).toBe('#1 A\n#1 waits\n#1 DONE 0.0s\n\n');
  });

  it('says below the name of a step why it was not cached', () => {
    const text = story().start('a', 'A', 'x.c changed').end('a').close();
    expect(text).toBe('#1 A\n#1 not cached: x.c changed\n#1 DONE 0.0s\n\n');
  });

  it('tells what a long step used, and how much of it was the process', () => {
    const usage = {wallMs: 3000, cpuMs: 5140, memoryBytes: 211_900_000, readBytes: 0, writtenBytes: 0};
    const long = story().start('a', 'A').wait(3200).endUsing('a', usage).close();
    expect(long).toBe('#1 A\n#1 DONE 3.2s  cpu 5.1s  mem 212 MB\n\n');
    const copied = {...usage, readBytes: 12_300_000, writtenBytes: 1.1e9};
    expect(story().start('a', 'A').wait(3200).endUsing('a', copied).close()).toBe(
      '#1 A\n#1 DONE 3.2s  cpu 5.1s  mem 212 MB  read 12 MB  wrote 1.1 GB\n\n',
    );
    const fetched = story()
      .start('a', 'A')
      .wait(7800)
      .endUsing('a', {...usage, memoryBytes: 2.04e9})
      .close();
    expect(fetched).toBe('#1 A\n#1 DONE 7.8s  ran 3.0s  cpu 5.1s  mem 2.0 GB\n\n');
    const short = story()
      .start('a', 'A')
      .wait(999)
      .endUsing('a', {...usage, wallMs: 990})
      .close();
    expect(short).toBe('#1 A\n#1 DONE 1.0s\n\n');
  });

  it('keeps the number of a step that starts again', () => {
    const text = story().start('a', 'A').end('a').cached('b', 'B').start('a', 'A').wait(500).end('a').close();
    expect(text).toBe('#1 A\n#1 DONE 0.0s\n\n#2 B\n#2 CACHED\n\n#1 A\n#1 DONE 0.5s\n\n');
  });

  it('keeps a block together while its step goes on writing', () => {
    const text = story()
      .start('a', 'A')
      .start('b', 'B')
      .say('a', '1\n')
      .say('b', 'x\n')
      .wait(400)
      .say('a', '2\n')
      .end('a')
      .end('b')
      .close();
    expect(text).toBe('#1 A\n#1 0.000 1\n#1 0.400 2\n#1 DONE 0.4s\n\n#2 B\n#2 0.000 x\n#2 DONE 0.4s\n\n');
  });

  it('passes the floor on from a step that has fallen silent', () => {
    const text = story()
      .start('a', 'A')
      .start('b', 'B')
      .wait(200)
      .say('b', 'x\n')
      .wait(1200)
      .say('b', 'y\n')
      .end('a')
      .end('b')
      .close();
    expect(text).toBe(
      [
        '#1 A',
        '#1 ...',
        '',
        '#2 B',
        '#2 0.200 x',
        '#2 1.400 y',
        '#2 ...',
        '',
        '#1 A',
        '#1 DONE 1.4s',
        '',
        '#2 B',
        '#2 DONE 1.4s',
        '',
        '',
      ].join('\n'),
    );
  });

  it('lets nobody wait longer than five seconds for a step that never stops writing', () => {
    const busy = story().start('a', 'A').start('b', 'B').say('b', 'waits\n');
    for (let half = 0; half < 14; half++) busy.say('a', `${half}\n`).wait(500);
    const text = busy.end('a').end('b').close();
    expect(text.indexOf('waits')).toBeLessThan(text.indexOf('#1 6.000 12'));
    expect(text.indexOf('waits')).toBeGreaterThan(text.indexOf('#1 4.000 8'));
  });

  it('loses no byte: lines in pieces, several streams, no newline at the end, no UTF-8', () => {
    const text = story()
      .start('a', 'A')
      .say('a', 'out-')
      .say('a', 'err-', 'stderr')
      .say('a', 'put\n')
      .say('a', 'or', 'stderr')
      .say('a', 'last')
      .end('a')
      .close();
    expect(text).toBe('#1 A\n#1 0.000 out-put\n#1 0.000 last\n#1 0.000 err-or\n#1 DONE 0.0s\n\n');
    const host = fakeHost();
    const chunks: Uint8Array[] = [];
    const sink = createPlainSink({...host, write: (data) => void chunks.push(Buffer.from(data))});
    new Story(sink, host)
      .start('a', 'A')
      .say('a', new Uint8Array([0xff, 0x00, 0xfe, 0x0a]))
      .close();
    expect(Buffer.concat(chunks).includes(Buffer.from([0xff, 0x00, 0xfe, 0x0a]))).toBe(true);
  });

  it('prints a line of a megabyte whole', () => {
    const line = 'x'.repeat(1_000_000);
    const text = story().start('a', 'A').say('a', `${line}\n`).end('a').close();
    expect(text.split('x')).toHaveLength(1_000_001);
  });

  it('writes out what is pending when the build ends in the middle', () => {
    const text = story().start('a', 'A').start('b', 'B').say('a', '1\n2').say('b', 'x').close();
    expect(text).toContain('#1 0.000 2\n');
    expect(text).toContain('#2 0.000 x\n');
  });

  it('tells of a long download every five seconds, and of its end', () => {
    const long = story().start('a', 'A');
    for (let second = 0; second <= 12; second++) long.fetch('a', 'layer', second * 1e6, 20e6).wait(1000);
    const lines = long.fetch('a', 'layer', 20e6, 20e6, true).end('a').close().split('\n');
    expect(lines.filter((line) => line.includes('layer'))).toEqual([
      '#1 layer 0B / 20.00MB',
      '#1 layer 5.00MB / 20.00MB 5.0s',
      '#1 layer 10.00MB / 20.00MB 10.0s',
      '#1 layer 20.00MB / 20.00MB 13.0s done',
    ]);
  });
});
