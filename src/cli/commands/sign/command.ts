// `tsbuild sign`.

import {progressFlag} from '../../flags.ts';
import type {Command} from '../command.ts';
import {keylessFlags, withoutKey} from './keyless.ts';

export const signCommand: Command = {
  name: 'sign',
  section: 'Registries',
  usage: ['--key FILE [-a KEY=VALUE]… [-r] NAME[:TAG|@DIGEST]'],
  shortUsage: '--key FILE NAME',
  summary: 'sign an image in its registry with a key',
  about:
    "Signs what NAME means in its registry, by digest, and puts the signature beside it in both of cosign's forms: under the tag sha256-HEX.sig, and as a sigstore bundle that refers to the image (OCI 1.1; a registry without the referrers API gets the list under the tag sha256-HEX). Signatures that are there already stay. The key is cosign's (cosign.key), whose password is in $COSIGN_PASSWORD, or any ECDSA, Ed25519 or RSA key in PEM. tsbuild verify --key checks the signature. Prints what was signed, as REPOSITORY@DIGEST. Exit code: 0 when it is signed, 1 when the image or the key is not to be had.",
  flags: [
    {
      name: 'key',
      value: 'FILE',
      group: 'Input',
      help: 'the private key, or env://NAME for one in an environment variable',
    },
    {
      name: 'annotations',
      short: 'a',
      value: 'KEY=VALUE',
      group: 'Input',
      help: 'say this in the signature, too (repeatable)',
    },
    {name: 'recursive', short: 'r', group: 'Input', help: 'of an index sign every image in it, too'},
    {
      name: 'attestations',
      group: 'Input',
      help: 'sign what is attested of the image, too: its provenance and SBOM, as cosign attest does',
    },
    {
      name: 'new-bundle-format',
      group: 'Output',
      help: 'true: the bundle only, as cosign 3; =false: the tag only, as cosign 2 (default: both)',
    },
    progressFlag,
  ],
  dockerFlags: [
    {name: 'yes', short: 'y'},
    {name: 'tlog-upload', accepted: ['false'], refusal: withoutKey},
    ...keylessFlags,
  ],
  load: async () => (await import('./sign.ts')).sign,
};
