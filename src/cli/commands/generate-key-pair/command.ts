// `tsbuild generate-key-pair`.

import type {Command} from '../command.ts';

export const generateKeyPairCommand: Command = {
  name: 'generate-key-pair',
  section: 'Registries',
  usage: ['[--output-key-prefix PREFIX]'],
  shortUsage: '',
  summary: 'make a key that signs images, and the public one that verifies them',
  about:
    "Writes cosign.key, an ECDSA key on P-256 in cosign's format, sealed with the password in $COSIGN_PASSWORD, and cosign.pub. Nothing is overwritten. tsbuild and cosign sign with the one and verify with the other. Exit code: 0 when both are written, 1 when one is there already.",
  flags: [
    {
      name: 'output-key-prefix',
      value: 'PREFIX',
      group: 'Output',
      help: 'write PREFIX.key and PREFIX.pub (default: cosign)',
    },
  ],
  load: async () => (await import('./generate-key-pair.ts')).generateKeyPair,
};
