import {describe, expect, it} from 'vitest';
import {inlineDocuments, inlineRecord} from '../../../src/cache/inline/inline-document.ts';
import {documentName, parseRecord} from '../../../src/cache/shared-record.ts';
import {digestOf} from '../../../src/oci/digest.ts';
import {mediaTypes} from '../../../src/oci/media-types.ts';
import {formatVersion, keysOfIngredients, opDigestOf} from '../../../src/solver/keys.ts';

const op = 'exec {"args":["deploy"],"env":["TOKEN=topsecret"]}';
const inputs = ['a'.repeat(64)];
const {definition} = keysOfIngredients(op, inputs);
const digest = digestOf('layer');
const layer = {diffId: digest as never, blob: {mediaType: mediaTypes.layerGzip, digest, size: 5}};
const record = {
  key: definition,
  primary: definition,
  ingredients: {format: formatVersion, op, inputs, from: ['[build 2/3] COPY . .']},
  resultKey: definition,
  name: '[build 3/3] RUN deploy',
  usage: undefined,
  layers: [{...layer, isBase: false, epochSeconds: 7, createdMs: 9}],
};

describe('a record in an image', () => {
  it('is found again under the key of its step', () => {
    const documents = inlineDocuments([inlineRecord(record, [0])], {layers: [layer]});
    const bytes = documents.get(documentName(definition)) ?? new Uint8Array();
    expect(parseRecord(definition, bytes)).toMatchObject({
      key: definition,
      ingredients: {op: opDigestOf(op), inputs},
      layers: [{diffId: digest}],
    });
  });

  it('says nothing of variables, commands and files, which are not for everybody who has the image', () => {
    const text = JSON.stringify(inlineRecord(record, [0]));
    for (const word of ['topsecret', 'TOKEN', 'deploy', 'COPY']) expect(text).not.toContain(word);
  });
});
