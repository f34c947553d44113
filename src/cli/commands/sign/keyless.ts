// Signatures without a key of one's own, of which cosign's flags tell: refused wherever they are asked for.

import type {DockerFlag} from '../../docker-flags.ts';

/** To follow what somebody asked for. */
export const withoutKey = 'is not supported: no certificate of Fulcio and no entry in Rekor is made or read';

/** Of cosign: signatures without a key of one's own. */
export const keylessFlags: readonly DockerFlag[] = [
  'certificate',
  'certificate-identity',
  'certificate-identity-regexp',
  'certificate-oidc-issuer',
  'certificate-oidc-issuer-regexp',
  'fulcio-url',
  'identity-token',
  'oidc-issuer',
  'rekor-url',
].map((name) => ({name, value: true, refusal: withoutKey}));
