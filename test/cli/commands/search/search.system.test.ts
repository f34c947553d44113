import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {type FakeRegistry, startFakeRegistry} from '../../../support/fake-registry.ts';
import {type CommandRun, StoredImages} from '../../stored-images.ts';

let registry: FakeRegistry;
let stored: StoredImages;
beforeAll(async () => {
  stored = new StoredImages();
});
beforeEach(async () => {
  registry = await startFakeRegistry();
  return () => registry.close();
});
afterAll(() => stored[Symbol.dispose]());

const search = (...args: string[]): Promise<CommandRun> => stored.run(['search', ...args]);
const json = (value: unknown, headers = {}) => ({
  type: 'answer' as const,
  status: 200,
  body: JSON.stringify(value),
  headers,
});

const results = [
  {name: 'small', description: 'few\u001b[2J', star_count: 2, is_official: false, is_automated: true},
  {name: 'library/big', description: 'x'.repeat(60), star_count: 90, is_official: true},
  {name: 'mid', description: 'some', star_count: 40, is_official: false},
];

describe('search where a registry has one', () => {
  beforeEach(() => {
    registry.fault = ({path}) => (path.startsWith('/v1/search') ? json({results}) : undefined);
  });

  it('shows the most popular first, and nothing that a terminal would act on', async () => {
    const {out, code} = await search(`${registry.address}/x y`);
    expect(code).toBe(0);
    const host = registry.address;
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, '|'))).toEqual([
      'NAME|DESCRIPTION|STARS|OFFICIAL',
      `${host}/library/big|${'x'.repeat(44)}…|90|[OK]`,
      `${host}/mid|some|40`,
      `${host}/small|few [2J|2`,
      '',
    ]);
    expect(registry.requests.map(({path}) => path)).toEqual(['/v1/search?q=x+y&n=25']);
  });

  it.each([
    [['--filter', 'stars=40'], 'library/big mid '],
    [['-f', 'is-official=false', '-f', 'stars=3'], 'mid '],
    [['-f', 'is-automated=true'], 'small '],
    [['--limit', '1'], 'small '],
  ])('takes %j', async (flags, expected) => {
    const {out} = await search(...flags, '--format', '{{.Name}}', `${registry.address}/a`);
    expect(out.replaceAll(`${registry.address}/`, '').replaceAll('\n', ' ')).toBe(expected);
  });

  it('prints whole descriptions when asked', async () => {
    const {out} = await search('--no-trunc', '--format', '{{.Description}}', `${registry.address}/a`);
    expect(out).toContain('x'.repeat(60));
  });
});

describe('search where a registry has none', () => {
  it('looks in the list of repositories, page by page', async () => {
    registry.fault = ({path}) => {
      if (path.startsWith('/v2/_catalog?n=')) {
        return json({repositories: ['app/web', 'db']}, {link: '</v2/_catalog?last=db>; rel="next"'});
      }
      return path.startsWith('/v2/_catalog?last=db') ? json({repositories: ['old/WEB']}) : undefined;
    };
    expect(await search('--format', '{{.Name}}', `${registry.address}/web`)).toMatchObject({
      code: 0,
      out: `${registry.address}/app/web\n${registry.address}/old/WEB\n`,
    });
  });

  it('nor a list says so', async () => {
    const {err, code} = await search(`${registry.address}/web`);
    expect(err).toContain(
      `${registry.address} offers no search: it has neither /v1/search nor a list of its repositories`,
    );
    expect(code).toBe(1);
  });

  it('but lets nobody see the list without a login, says that', async () => {
    registry.auth = {type: 'basic', users: {me: 'x'}};
    expect((await search(`${registry.address}/web`)).err).toContain(
      `log in with tsbuild login ${registry.address}`,
    );
  });
});

it.each([
  [[], 'search needs one TERM, got 0'],
  [['--limit', '101', 'x'], '--limit expects a number from 1 to 100, got "101"'],
  [['-f', 'star=3', 'x'], 'did you mean stars?'],
  [['-f', 'stars', 'x'], '--filter stars: expected WORD=VALUE'],
  [['-f', 'is-official=maybe', 'x'], 'expects true or false, got "maybe"'],
])('search says what is wrong with %j', async (args, message) => {
  expect(await search(...args)).toMatchObject({code: 2, err: expect.stringContaining(message)});
});
