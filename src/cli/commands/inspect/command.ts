// `tsbuild inspect`.

import {choosePlatformFlag} from '../../flags.ts';
import type {Command} from '../command.ts';

export const inspectCommand: Command = {
  name: 'inspect',
  section: 'Images',
  usage: ['[--format FORMAT] IMAGE…'],
  shortUsage: 'IMAGE…',
  summary: 'show everything about images as JSON, in docker’s words',
  about:
    'Prints images of the local store as docker image inspect does: Id, RepoTags, Config, RootFS.Layers and so on; Manifest and Index are shown besides. IMAGE is a name, a name with a digest, or the beginning of an image ID or manifest digest. Size is that of the compressed layers with config and manifest.',
  more: `Examples:
  tsbuild inspect --format '{{.Id}}' app
  tsbuild inspect --format '{{json .Config.Env}}' app
  tsbuild inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' app
  tsbuild inspect --format '{{index .Config.Labels "maintainer"}}' app
`,
  flags: [
    {
      name: 'format',
      short: 'f',
      value: 'FORMAT',
      group: 'Output',
      help: 'json (one line), or a template of Go’s kind (default: indented JSON)',
    },
    choosePlatformFlag,
  ],
  dockerFlags: [
    {name: 'size', short: 's', value: false},
    {name: 'type', value: true, accepted: ['image'], refusal: 'is always image'},
  ],
  load: async () => (await import('./inspect.ts')).inspectImages,
};
