import {describe, expect, it} from 'vitest';
import {type Digest, digestOf} from '../../src/oci/digest.ts';
import {
  signatureManifest,
  signatureProblem,
  signatureTag,
  signImage,
} from '../../src/signature/simple-signing.ts';
import {signingKeys} from '../support/signing-keys.ts';

const {signer, verifier} = signingKeys();
const digest = digestOf(Buffer.from('manifest'));
const signed = signImage(digest, 'example.org/app', {by: 'me'}, signer);
const annotation = 'dev.cosignproject.cosign/signature';

/** The same key signs another document. */
function signedText(document: object) {
  const bytes = Buffer.from(JSON.stringify(document));
  const signature = Buffer.from(signer.sign(bytes)).toString('base64');
  const layer = {...signed.layer, digest: digestOf(bytes), annotations: {[annotation]: signature}};
  return {bytes, layer};
}

describe('a signature', () => {
  it("is cosign's document about the image", () => {
    expect(JSON.parse(Buffer.from(signed.bytes).toString())).toEqual({
      critical: {
        identity: {'docker-reference': 'example.org/app'},
        image: {'docker-manifest-digest': digest},
        type: 'cosign container image signature',
      },
      optional: {by: 'me'},
    });
    expect(signed.layer).toMatchObject({
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      digest: digestOf(signed.bytes),
      size: signed.bytes.length,
    });
    expect(signatureTag(digest)).toBe(`sha256-${digest.slice(7)}.sig`);
  });

  it('counts for its image and its key', () => {
    expect(signatureProblem(signed, digest, verifier)).toBeUndefined();
    expect(signatureProblem(signed, digest, signingKeys().verifier)).toBe('was not made with this key');
    const other = digestOf(Buffer.from('other'));
    expect(signatureProblem(signed, other, verifier)).toBe(`is of ${digest}, not of ${other}`);
  });

  it('does not count when the document was changed, has no signature, or says something else', () => {
    const bytes = Buffer.from(Buffer.from(signed.bytes).toString().replace('example.org', 'example.com'));
    const layer = {...signed.layer, digest: digestOf(bytes)};
    expect(signatureProblem({bytes, layer}, digest, verifier)).toBe('was not made with this key');
    expect(signatureProblem({bytes, layer: signed.layer}, digest, verifier)).toMatch(
      'has the digest sha256:',
    );
    const {annotations: _, ...bare} = signed.layer;
    expect(signatureProblem({bytes: signed.bytes, layer: bare}, digest, verifier)).toBe(
      'has no signature beside it',
    );
    expect(signatureProblem(signedText({}), digest, verifier)).toBe('is no document about an image');
    expect(signatureProblem(signedText({critical: {type: 'a letter'}}), digest, verifier)).toBe(
      'is a "a letter", not a "cosign container image signature"',
    );
  });

  it('stands in one manifest with the others', () => {
    const {config, manifest} = signatureManifest([signed.layer, signed.layer]);
    const document = JSON.parse(Buffer.from(manifest).toString()) as {
      layers: unknown[];
      config: {digest: Digest};
    };
    expect(document.layers).toEqual([signed.layer, signed.layer]);
    expect(document.config.digest).toBe(digestOf(config));
  });
});
