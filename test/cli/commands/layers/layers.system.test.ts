import {afterAll, beforeAll, expect, it} from 'vitest';
import type {TestLayer} from '../../../support/test-image.ts';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
beforeAll(async () => {
  stored = new StoredImages();
  const first = {
    entries: [
      {path: 'big', content: 'b'.repeat(3000)},
      {path: 'keep', content: 'k'},
    ],
  };
  await stored.add(['docker.io/library/a:1'], {
    layers: [first, {entries: [{path: 'big', content: 'b'.repeat(3000), mode: 0o755}]}],
    history: [
      {created_by: 'COPY . /'},
      {created_by: 'ENV A=1', empty_layer: true},
      {created_by: 'RUN chmod +x /big'},
    ],
  });
  await stored.add(['docker.io/library/a:2'], {
    layers: [first, {entries: [{path: '.wh.big'}, {path: 'new', content: 'n'}]}],
    config: {Env: ['B=2']},
    history: [{created_by: 'COPY . /'}, {created_by: 'RUN rm /big'}],
  });
});
afterAll(() => stored[Symbol.dispose]());

it('layers tells of each layer what it adds, repeats and wastes, and which instruction made it', async () => {
  const format =
    '{{.Layer}} {{.Unpacked}} +{{.Added}} ~{{.Changed}} -{{.Removed}} {{.Wasted}} {{.Repeated}} {{.CreatedBy}}';
  const {out} = await stored.run(['layers', '--format', format, 'a:1']);
  expect(out).toBe('1 3kB +2 ~0 -0 3kB 0B COPY . /\n2 3kB +0 ~1 -0 0B 3kB RUN chmod +x /big\n');
});

it('layers --files names every path', async () => {
  expect((await stored.run(['layers', '--files', 'a:1'])).out).toContain(
    'layer 2: RUN chmod +x /big\n  ~ /big   (3kB, same content as below)\n',
  );
  expect((await stored.run(['layers', '--files', 'a:2'])).out).toContain(
    'layer 2: RUN rm /big\n  - /big   (hides 3kB)\n  + /new   (1B)\n',
  );
});

it('diff tells of layers and entries that only one of them has, wherever they lie', async () => {
  const layer = (content: string): TestLayer => ({entries: [{path: content, content}]});
  const layers = [layer('base'), layer('own'), layer('last')];
  const history = [{created_by: 'base'}, {created_by: 'own'}, {created_by: 'last'}];
  await stored.add(['docker.io/library/b:1'], {layers, history});
  await stored.add(['docker.io/library/b:2'], {
    layers: layers.toSpliced(1, 1),
    history: history.toSpliced(1, 1),
  });
  const {out} = await stored.run(['diff', 'b:1', 'b:2']);
  expect(out.replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')).toBe(`history:
  - own   (number 2)
layers:
  - DIGEST   (number 2)
files:
  - /own
`);
});

it('diff tells what differs, part by part', async () => {
  const {out, code} = await stored.run(['diff', 'a:1', 'a:2']);
  expect(code).toBe(0);
  expect(out.replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')).toBe(`config:
  + config.Env   (["B=2"])
history:
  - ENV A=1   (number 2)
  - RUN chmod +x /big   (number 3)
  + RUN rm /big   (number 2)
layers:
  - DIGEST   (number 2)
  + DIGEST   (number 2)
files:
  - /big
  + /new
`);
});

it('diff says nothing of an image and itself, and has an exit code for scripts', async () => {
  expect(await stored.run(['diff', '--exit-code', 'a:1', 'a:1'])).toMatchObject({code: 0, out: ''});
  expect((await stored.run(['diff', '--exit-code', 'a:1', 'a:2'])).code).toBe(1);
  const {out} = await stored.run(['diff', '--format', 'json', 'a:1', 'a:2']);
  expect(JSON.parse(out)).toContainEqual({part: 'file', what: 'removed', name: '/big', details: []});
});
