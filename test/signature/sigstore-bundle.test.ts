import {createHash, createPublicKey, verify} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {digestOf, hexOf} from '../../src/oci/digest.ts';
import {
  bundleManifest,
  bundleVerdict,
  isBundle,
  isStatementOf,
  signaturePredicateType,
  signatureStatement,
  signedEnvelope,
} from '../../src/signature/sigstore-bundle.ts';
import {signingKeys} from '../support/signing-keys.ts';

const {signer, verifier, publicPem} = signingKeys();
const digest = digestOf(Buffer.from('manifest'));
const subject = {mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 8};

function bundled(statement: Uint8Array, predicateType = signaturePredicateType) {
  const envelope = signedEnvelope(statement, signer);
  return bundleManifest({envelope, predicateType}, subject, signer, '2026-01-02T03:04:05.000Z');
}

const {descriptor, blobs, manifest} = bundled(signatureStatement(digest, {by: 'me'}));
const [bundle = Buffer.alloc(0)] = blobs;
const parsed = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

/** The bundle with other members. */
function changed(change: (document: {dsseEnvelope: Record<string, unknown>}) => void): Uint8Array {
  const document = parsed(bundle);
  change(document);
  return Buffer.from(JSON.stringify(document));
}

describe('a sigstore bundle', () => {
  it('is an in-toto statement about the image, signed as DSSE says', () => {
    const document = parsed(bundle);
    expect(document).toMatchObject({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      dsseEnvelope: {payloadType: 'application/vnd.in-toto+json'},
    });
    const payload = Buffer.from(document.dsseEnvelope.payload, 'base64');
    expect(parsed(payload)).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{digest: {sha256: hexOf(digest)}, annotations: {by: 'me'}}],
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      predicate: {},
    });
    const signed = Buffer.concat([
      Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${payload.length} `),
      payload,
    ]);
    const signature = Buffer.from(document.dsseEnvelope.signatures[0].sig, 'base64');
    expect(verify('sha256', signed, publicPem, signature)).toBe(true);
  });

  it('names its key by the hash of the public one, and has neither certificate nor log entry', () => {
    const der = createPublicKey(publicPem).export({format: 'der', type: 'spki'});
    const hint = createHash('sha256').update(der).digest('base64');
    expect(parsed(bundle).verificationMaterial).toEqual({publicKey: {hint}});
  });

  it('is the layer of an artifact that has the image as its subject', () => {
    expect(parsed(manifest)).toMatchObject({
      artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      config: {mediaType: 'application/vnd.oci.empty.v1+json', size: 2},
      layers: [{digest: digestOf(bundle), size: bundle.length}],
      subject,
      annotations: {
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
      },
    });
    expect(descriptor).toMatchObject({
      digest: digestOf(manifest),
      size: manifest.length,
      artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    });
    expect(blobs.map((blob) => digestOf(blob))).toContain(parsed(manifest).config.digest);
  });

  it('counts for its image and its key only', () => {
    expect(bundleVerdict(bundle, digest, verifier)).toBe('valid');
    expect(bundleVerdict(bundle, digest, signingKeys().verifier)).toEqual({
      problem: 'was not made with this key',
    });
    const other = digestOf(Buffer.from('other'));
    expect(bundleVerdict(bundle, other, verifier)).toEqual({problem: `is of ${digest}, not of ${other}`});
  });

  it('is made only of statements that are about the image alone, and are no signature', () => {
    const type = 'https://slsa.dev/provenance/v1';
    const of = (change: object): boolean => {
      const subject = [{name: 'a', digest: {sha256: hexOf(digest)}}];
      const statement = {_type: 'https://in-toto.io/Statement/v1', predicateType: type, subject, ...change};
      return isStatementOf(Buffer.from(JSON.stringify(statement)), digest, String(statement.predicateType));
    };
    expect(of({})).toBe(true);
    const other = {digest: {sha256: hexOf(digestOf('other'))}};
    expect(of({subject: [other]})).toBe(false);
    expect(of({subject: [{digest: {sha256: hexOf(digest)}}, other]})).toBe(false);
    expect(of({subject: []})).toBe(false);
    expect(of({_type: 'text'})).toBe(false);
    expect(isStatementOf(signatureStatement(digest, {}), digest, signaturePredicateType)).toBe(false);
    expect(isStatementOf(signatureStatement(digest, {}), digest, type)).toBe(false);
  });

  it('is no signature when it says something else, and none when it was changed', () => {
    const statement = {_type: 'https://in-toto.io/Statement/v0.1', predicateType: 'https://slsa.dev/x'};
    const [said = Buffer.alloc(0)] = bundled(Buffer.from(JSON.stringify(statement))).blobs;
    expect(bundleVerdict(said, digest, verifier)).toBe('other');
    const forged = signatureStatement(digestOf(Buffer.from('other')), {});
    const swapped = changed((document) => {
      document.dsseEnvelope['payload'] = Buffer.from(forged).toString('base64');
    });
    expect(bundleVerdict(swapped, digest, verifier)).toEqual({problem: 'was not made with this key'});
    const unsigned = changed((document) => {
      document.dsseEnvelope['signatures'] = [];
    });
    expect(bundleVerdict(unsigned, digest, verifier)).toEqual({problem: 'was not made with this key'});
    const retyped = changed((document) => {
      document.dsseEnvelope['payloadType'] = 'text/plain';
    });
    expect(bundleVerdict(retyped, digest, verifier)).toEqual({problem: 'holds no in-toto statement'});
  });

  it.each([['{'], ['[]'], ['{"dsseEnvelope":null}'], ['{"dsseEnvelope":{"payload":"","signatures":[{}]}}']])(
    '%s holds none',
    (text) => {
      expect(bundleVerdict(Buffer.from(text), digest, verifier)).toEqual({
        problem: 'holds no envelope of a statement',
      });
    },
  );

  it('is told by the media types that it had over the years', () => {
    for (const type of [descriptor.artifactType, 'application/vnd.dev.sigstore.bundle+json;version=0.2'])
      expect(isBundle(type)).toBe(true);
    expect(isBundle(undefined)).toBe(false);
    expect(isBundle('application/vnd.dev.sigstore.bundle.v0.3+json-not')).toBe(false);
  });
});
