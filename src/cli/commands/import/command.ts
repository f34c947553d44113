// `tsbuild import`.

import type {Command} from '../command.ts';

export const importCommand: Command = {
  name: 'import',
  section: 'Images',
  usage: ['[FLAGS] FILE|URL|- [NAME[:TAG]]'],
  shortUsage: 'FILE|URL|- [NAME[:TAG]]',
  summary: 'make an image of an archive of files',
  about:
    'Makes an image of one layer from a tar (plain, or compressed with gzip, bzip2, xz or zstd) in a file, behind a URL, or on standard input, and puts it into the local store. Prints the image ID. The image has no config but its platform and what --change says.',
  more: `Examples:
  tsbuild export --at build . | tsbuild import - built:1
  tsbuild import -c 'CMD ["sh"]' -c 'ENV LANG=C' rootfs.tar.xz root:1
`,
  flags: [
    {
      name: 'change',
      short: 'c',
      value: 'INSTRUCTION',
      group: 'Input',
      help: 'CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR, as in a Dockerfile (repeatable)',
    },
    {
      name: 'message',
      short: 'm',
      value: 'TEXT',
      group: 'Input',
      help: 'what the history says (default: Imported from FILE)',
    },
    {
      name: 'platform',
      value: 'OS/ARCH',
      group: 'Input',
      help: 'the platform that the files are for (default: $DOCKER_DEFAULT_PLATFORM, or this machine)',
    },
    {name: 'quiet', short: 'q', group: 'Output', help: 'show no progress'},
  ],
  load: async () => (await import('./import.ts')).importFiles,
};
