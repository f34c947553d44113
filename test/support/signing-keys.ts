// A pair of keys for a test, whose private half is sealed as cheaply as can be.

import {newKeyPair, readSigningKey, readVerifyingKey} from '../../src/signature/keys.ts';

export function signingKeys() {
  const {privatePem, publicPem} = newKeyPair('', {N: 16, r: 8, p: 1});
  const [signer, verifier] = [readSigningKey(privatePem, ''), readVerifyingKey(publicPem)];
  if ('problem' in signer || 'problem' in verifier) throw new Error('no keys');
  return {signer, verifier, publicPem};
}
