// `tsbuild verify`.

import {dockerFlags} from '../../docker-flags.ts';
import {buildFlags} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';
import {keylessFlags} from '../sign/keyless.ts';

export const verifyCommand: Command = {
  name: 'verify',
  section: 'Images',
  usage: [
    '[--format table|json] IMAGE',
    '--key FILE [--format table|json] NAME[:TAG|@DIGEST]',
    '--rebuild [--format table|json] [FLAGS of build] PATH|URL',
  ],
  shortUsage: 'IMAGE',
  summary: 'check everything that an image is made of, or that a build gives the same image twice',
  about:
    'Reads an image as a stranger would: every digest, size and media type; that layers unpack to what the config says of them; that the history tells of as many layers as there are; that attestations are of the image they stand beside. IMAGE is a name or the beginning of an ID in the local store, or else a directory or tar archive that is an OCI layout or that docker saved, or else, when it begins with a registry or with registry://, an image in a registry, which is read from there as it is. With --key the image in the registry must also be signed with that key, under the tag of cosign 2 or in a sigstore bundle that refers to it (tsbuild sign, cosign sign); of each kind of statement that is signed as said of it, one must be by that key, and attestations that no index lists must be signed. With --rebuild it builds twice instead, as build would with these flags but into two empty state directories, the second time from a copy of the context in another directory, and says layer by layer and file by file what differs and what it may come from; the cache and the local store stay as they are. Changes nothing. Prints all problems together. Exit code: 0 when there are none, 1 when there are.',
  flags: [
    {
      name: 'key',
      value: 'FILE',
      group: 'Input',
      help: 'the public key, in PEM, that must have signed the image in its registry; or env://NAME',
    },
    {
      name: 'rebuild',
      group: 'Input',
      help: 'build twice, with nothing cached, and compare the images',
    },
    {
      name: 'touch',
      group: 'Input',
      help: 'with --rebuild: the files of the second context have new times, as after a checkout on another day',
    },
    formatFlagFor('table or json (default: table)'),
    ...buildFlags,
  ],
  dockerFlags: [...dockerFlags, {name: 'insecure-ignore-tlog'}, ...keylessFlags],
  load: async () => (await import('./verify.ts')).verify,
};
