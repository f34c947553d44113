import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {StoredImages} from '../../stored-images.ts';

let stored: StoredImages;
beforeAll(async () => {
  stored = new StoredImages();
  await stored.add(['docker.io/library/web:1'], {
    layers: [{entries: [{path: 'a', content: 'a'}]}],
    history: [
      {created: '2024-05-01T10:00:00Z', created_by: 'COPY a /   # a rather long comment that goes on and on'},
      {created: '2024-05-01T11:00:00.5Z', created_by: 'CMD ["a"]', empty_layer: true, comment: 'last'},
    ],
  });
});
afterAll(() => stored[Symbol.dispose]());

describe('history of an image', () => {
  it('shows the newest step first, with the image’s ID', async () => {
    const {out} = await stored.run(['history', 'web:1']);
    const [heading, first, second] = out.split('\n');
    expect(heading?.split(/\s{3,}/)).toEqual(['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT']);
    expect(first).toMatch(/^[0-9a-f]{12} .*CMD \["a"\] +0B +last$/);
    expect(second).toMatch(/^<missing> .*COPY a \/ # a rather long comment that goes o… +\d+B$/);
  });

  it('--no-trunc and --human=false are for scripts', async () => {
    const format = '{{.CreatedAt}}|{{.CreatedBy}}|{{.Size}}';
    const {out} = await stored.run(['history', '--no-trunc', '--human=false', '--format', format, 'web:1']);
    expect(out.split('\n')[0]).toBe('2024-05-01T11:00:00Z|CMD ["a"]|0');
    expect(out.split('\n')[1]).toMatch(/^2024-05-01T10:00:00Z\|COPY .* goes on and on\|\d+$/);
  });

  it('needs exactly one image', async () => {
    expect((await stored.run(['history', 'web:1', 'web:1'])).code).toBe(2);
  });
});
