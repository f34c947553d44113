import {describe, expect, it} from 'vitest';
import {createRawJsonSink} from '../../../src/progress/sinks/rawjson/rawjson-sink.ts';
import {fakeHost} from './fake-host.ts';
import {failedBuild, Story, wholeBuild} from './story.ts';

function story(): Story {
  const host = fakeHost();
  return new Story(createRawJsonSink(host), host);
}

describe('raw JSON progress', () => {
  it('tells a whole build', async () => {
    await expect(wholeBuild(story())).toMatchFileSnapshot('golden/whole.rawjson.txt');
  });

  it('tells a failed build', async () => {
    await expect(failedBuild(story())).toMatchFileSnapshot('golden/failed.rawjson.txt');
  });

  it('is one object with one member per line', () => {
    for (const line of wholeBuild(story()).trimEnd().split('\n')) {
      const object = JSON.parse(line) as Record<string, unknown[]>;
      expect(Object.keys(object)).toHaveLength(1);
      expect(Object.values(object)[0]).toHaveLength(1);
    }
  });

  it('tells what a step used', () => {
    const usage = {wallMs: 3, cpuMs: 5, memoryBytes: 8192, readBytes: 512, writtenBytes: 1024};
    const [, line = ''] = story().start('a', 'A').endUsing('a', usage).close().split('\n');
    expect(JSON.parse(line)).toMatchObject({vertexes: [{name: 'A', usage}]});
  });

  it('says with the start of a step why it was not cached', () => {
    const [line = ''] = story().start('a', 'A', 'x.c changed').close().split('\n');
    expect(JSON.parse(line)).toMatchObject({
      vertexes: [{name: 'A', miss: {code: 'files', text: 'x.c changed'}}],
    });
  });

  it('gives output back byte for byte', () => {
    const bytes = new Uint8Array([0xff, 0x00, 0x0a, 0x41]);
    const line = story().start('a', 'A').say('a', bytes, 'stderr').close().trimEnd().split('\n')[1] ?? '';
    const {logs} = JSON.parse(line) as {logs: {data: string; stream: number}[]};
    expect(Buffer.from(logs[0]?.data ?? '', 'base64')).toEqual(Buffer.from(bytes));
    expect(logs[0]?.stream).toBe(2);
  });
});
