// `tsbuild save`.

import {choosePlatformFlag} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const saveCommand: Command = {
  name: 'save',
  section: 'Images',
  usage: ['[-o FILE] [--format docker-archive|oci-archive] IMAGE…'],
  shortUsage: 'IMAGE…',
  summary: 'write images into an archive for docker load, podman load, skopeo',
  about:
    'Writes images of the local store into one archive, byte for byte as they are, so that every digest stays. docker-archive is an OCI layout that also has docker’s manifest.json: both kinds of readers find what they look for. Of an index all images that are here are saved, and the name leads to the index; with --platform one of them. A name without a tag stands for every tag of its repository; an image that is named by ID is saved without a name.',
  more: `Examples:
  tsbuild save -o app.tar app:1 app:2
  tsbuild save app:1 | podman load
  tsbuild save --format oci-archive app | gzip > app.tar.gz
`,
  flags: [
    formatFlagFor('docker-archive or oci-archive (default: docker-archive)'),
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      group: 'Output',
      help: 'write to FILE (default: standard output)',
    },
    choosePlatformFlag,
  ],
  load: async () => (await import('./save.ts')).saveImages,
};
