import {describe, expect, it} from 'vitest';
import {statementsOf} from '../../../src/build/origin/scan-results.ts';

const file = (path: string, text: string) => ({
  path,
  size: text.length,
  read: async function* () {
    yield Buffer.from(text);
  },
});

const spdx = 'https://spdx.dev/Document';
const statement = (predicate: unknown, more: object = {}): string =>
  JSON.stringify({_type: 'https://in-toto.io/Statement/v0.1', predicateType: spdx, predicate, ...more});

describe('what a scanner wrote', () => {
  it('is a predicate for each file, in the order of their names', async () => {
    const files = [
      file('b.spdx.json', statement({name: 'b'}, {_type: 'https://in-toto.io/Statement/v1'})),
      file('a.spdx.json', statement({name: 'a'})),
      file('log.txt', 'no statement'),
    ];
    expect(await statementsOf(files, 'scanner')).toEqual([
      {predicateType: spdx, predicate: {name: 'a'}, file: 'a.spdx.json'},
      {predicateType: spdx, predicate: {name: 'b'}, file: 'b.spdx.json'},
    ]);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a document without a statement around it', '{"spdxVersion":"SPDX-2.3"}'],
    ['a statement of another kind', statement({}, {predicateType: 'https://slsa.dev/provenance/v1'})],
    ['a statement of an unknown version', statement({}, {_type: 'https://in-toto.io/Statement/v9'})],
    ['a predicate that is a list', statement([])],
  ])('is refused when it is %s', async (_, text) => {
    await expect(statementsOf([file('x.spdx.json', text)], 'scanner')).rejects.toThrow(
      'the scanner scanner wrote x.spdx.json, which is no in-toto statement of an SPDX document',
    );
  });

  it('has to be something', async () => {
    await expect(statementsOf([file('x.json', '{}')], 'scanner')).rejects.toThrow('wrote no NAME.spdx.json');
  });
});
