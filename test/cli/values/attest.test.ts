import {describe, expect, it} from 'vitest';
import {attestRequestOf, parseAttest, parseShortAttest} from '../../../src/cli/values/attest.ts';

const whole = {mode: 'max', version: 'v1', inlineOnly: false};

describe('--attest', () => {
  it('type=provenance tells everything unless asked for less', () => {
    expect(parseAttest('type=provenance')).toEqual({type: 'provenance', provenance: whole});
    expect(parseAttest('type=provenance,mode=min,version=v0.2,inline-only=true')).toEqual({
      type: 'provenance',
      provenance: {mode: 'min', version: 'v0.2', inlineOnly: true},
    });
  });

  it('type=provenance says who vouches for it, and that it is reproducible', () => {
    expect(parseAttest('type=provenance,builder-id=https://ci.example.com/7,reproducible=true')).toEqual({
      type: 'provenance',
      provenance: {...whole, builderId: 'https://ci.example.com/7', isReproducible: true},
    });
  });

  it('type=sbom is by our own scanner, or by an image with variables', () => {
    expect(parseAttest('type=sbom')).toEqual({type: 'sbom', sbom: true});
    expect(parseAttest('type=sbom,generator=scan/it:1,Depth=2')).toEqual({
      type: 'sbom',
      sbom: {image: 'docker.io/scan/it:1', parameters: {DEPTH: '2'}},
    });
    expect(parseShortAttest('sbom', 'generator=it')).toMatchObject({
      sbom: {image: 'docker.io/library/it:latest'},
    });
    expect(parseAttest('type=sbom,generator=IT')).toMatchObject({
      problem: expect.stringContaining('must be lowercase'),
    });
  });

  it.each([
    ['type=provenence', 'did you mean provenance?'],
    ['mode=max', 'type is missing'],
    ['type=provenance,mode=all', 'mode expects min or max, got "all"'],
    ['type=provenance,mod=max', 'unknown key "mod", did you mean mode?'],
    ['type=provenance,version=v2', 'version expects v1 or v0.2'],
    ['type=provenance,reproducible=maybe', 'reproducible expects true or false'],
    ['type=provenance,disabled=perhaps', 'disabled expects true or false'],
    ['provenance', 'key=value'],
  ])('%s is refused', (text, problem) => {
    expect(parseAttest(text)).toMatchObject({problem: expect.stringContaining(problem)});
  });
});

describe('--provenance and --sbom', () => {
  it('take a boolean', () => {
    expect(parseShortAttest('provenance', 'true')).toEqual({type: 'provenance', provenance: whole});
    expect(parseShortAttest('provenance', '0')).toEqual({type: 'provenance', provenance: null});
    expect(parseShortAttest('sbom', 'false')).toEqual({type: 'sbom', sbom: null});
  });

  it('take the keys of --attest', () => {
    expect(parseShortAttest('provenance', 'mode=min')).toMatchObject({provenance: {mode: 'min'}});
    expect(parseShortAttest('sbom', 'depth=1')).toEqual({
      problem: '--sbom: unknown key "depth", without generator= there is none',
    });
  });
});

it('the last word on a type counts, and nothing at all is no request', () => {
  const sbom = {type: 'sbom', sbom: true} as const;
  expect(attestRequestOf([sbom, {type: 'provenance', provenance: null}])).toEqual({sbom: true});
  expect(attestRequestOf([sbom, {type: 'sbom', sbom: null}])).toBeUndefined();
});
