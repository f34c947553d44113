import {describe, expect, it} from 'vitest';
import {linesOfHistory} from '../../src/history/layer-lines.ts';
import {step} from './build-records.ts';

const dockerfile = 'Dockerfile';
const steps = [
  step('[internal] load build definition from Dockerfile'),
  step('[base 1/2] FROM busybox', {line: 1}),
  step('[base 2/2] RUN echo a > /a', {inputs: [1], line: 2}),
  step('[other 2/2] RUN echo o > /o', {inputs: [1], line: 5}),
  step('[stage-2 1/3] ONBUILD RUN echo b', {inputs: [2], line: 7}),
  step('[stage-2 2/3] COPY --link --from=other /o /o', {inputs: [3], line: 8}),
  step('[stage-2 2/3] LINK COPY --link --from=other /o /o', {inputs: [4, 5], line: 8}),
  step('[stage-2 3/3] WORKDIR /w', {inputs: [6], line: 9}),
  step('exporting to image'),
];
const history = [
  {created_by: 'ADD rootfs.tar /'},
  {created_by: 'CMD ["sh"]', empty_layer: true},
  {created_by: 'RUN /bin/sh -c echo a > /a # buildkit'},
  {created_by: 'ENV A=1', empty_layer: true},
  {created_by: 'RUN /bin/sh -c echo b # buildkit'},
  {created_by: 'COPY /o /o # buildkit'},
  {created_by: 'WORKDIR /w'},
];

describe('lines of a history', () => {
  it('are those of the steps that stand on one another, and below them that of FROM', () => {
    expect(linesOfHistory(history, {steps, dockerfile})).toEqual([
      'Dockerfile:1',
      'Dockerfile:1',
      'Dockerfile:2',
      undefined,
      'Dockerfile:7',
      'Dockerfile:8',
      'Dockerfile:9',
    ]);
  });

  it('are known too of layers that were squashed, whose entries stay', () => {
    const squashed = history.map((entry, at) => (at > 0 && at < 6 ? {...entry, empty_layer: true} : entry));
    expect(linesOfHistory(squashed, {steps, dockerfile})[6]).toBe('Dockerfile:9');
  });

  it('of an image from scratch end with its first instruction, whatever that copies', () => {
    const copied = [
      step('[made 1/2] FROM busybox', {line: 1}),
      step('[made 2/2] RUN make', {inputs: [0], line: 2}),
      step('[stage-1 1/2] COPY --from=made /a /a', {inputs: [1], line: 4}),
      step('[stage-1 2/2] COPY b /b', {inputs: [2], line: 5}),
    ];
    const entries = [{created_by: 'COPY /a /a'}, {created_by: 'COPY b /b'}];
    expect(linesOfHistory(entries, {steps: copied, dockerfile})).toEqual(['Dockerfile:4', 'Dockerfile:5']);
  });

  it('are unknown where the steps are not those of the image', () => {
    const other = history.with(5, {created_by: 'RUN something else'});
    expect(linesOfHistory(other, {steps, dockerfile})).toEqual(history.map(() => undefined));
  });

  describe('of several platforms', () => {
    const both = [
      step('[linux/amd64 one 1/2] FROM busybox', {line: 1}),
      step('[linux/amd64 one 2/2] RUN make', {inputs: [0], line: 2}),
      step('[linux/arm64 other 1/2] FROM busybox', {line: 4}),
      step('[linux/arm64 other 2/2] RUN make', {inputs: [2], line: 5}),
    ];
    const entries = [{created_by: 'ADD rootfs.tar /'}, {created_by: 'RUN make'}];

    it('are those of its own steps', () => {
      const of = (platform: string) => linesOfHistory(entries, {steps: both, dockerfile}, platform);
      expect(of('linux/amd64')).toEqual(['Dockerfile:1', 'Dockerfile:2']);
      expect(of('linux/arm64')).toEqual(['Dockerfile:4', 'Dockerfile:5']);
    });

    it('are those of the steps that all share, where it has none', () => {
      const shared = [...steps, step('[linux/arm64 stage-2 3/3] WORKDIR /w', {inputs: [6], line: 9})];
      const lines = linesOfHistory(history, {steps: shared, dockerfile}, 'linux/s390x');
      expect(lines).toEqual(linesOfHistory(history, {steps, dockerfile}));
    });

    it('are unknown where the same may have been made on several lines', () => {
      expect(linesOfHistory(entries, {steps: both, dockerfile})).toEqual([undefined, undefined]);
    });
  });
});
