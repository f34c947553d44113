// `tsbuild load`.

import type {Command} from '../command.ts';

export const loadCommand: Command = {
  name: 'load',
  section: 'Images',
  usage: ['[-i FILE] [--platform OS/ARCH]'],
  shortUsage: '',
  summary: 'take images from an archive of docker, podman, skopeo or tsbuild save',
  about:
    'Reads an archive (docker’s or OCI’s; plain, gzip, bzip2, xz or zstd) from FILE or standard input into the local store. Every digest and size is verified, and that each layer unpacks to what its config says, before anything gets a name. Images keep their digests; those of an archive without manifests get one in docker’s media types.',
  flags: [
    {name: 'input', short: 'i', value: 'FILE', group: 'Input', help: 'read FILE (default: standard input)'},
    {
      name: 'platform',
      value: 'OS/ARCH',
      group: 'Input',
      help: 'of an index only the image for this platform (default: all that are in the archive)',
    },
    {name: 'quiet', short: 'q', group: 'Output', help: 'without effect: there is no progress to hide'},
  ],
  load: async () => (await import('./load.ts')).loadImages,
};
