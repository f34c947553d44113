// `tsbuild images`.

import {formatFlag} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const imagesCommand: Command = {
  name: 'images',
  section: 'Images',
  usage: ['[FLAGS] [REPOSITORY[:TAG]]'],
  shortUsage: '',
  summary: 'list the images of the local store',
  about:
    'Lists the images of the local store, newest first; of an index each platform. SIZE is that of the compressed layers with config and manifest, CREATED the time that the image tells of itself. REPOSITORY may be a pattern.',
  more: `Filters (--filter, repeatable):
  dangling=true|false       without a name, or with one
  label=KEY[=VALUE]         with this label
  reference=PATTERN         whose name (or name:tag) matches
  before=IMAGE              created before that image
  since=IMAGE               created after it
  until=TIME                created before a time: 24h ago, 2026-01-31, or seconds since 1970
Fields of --format: .Repository .Tag .ID .Digest .Platform .CreatedSince .CreatedAt .Size
`,
  flags: [
    {
      name: 'all',
      short: 'a',
      group: 'Output',
      help: 'without effect: there are no intermediate images to hide',
    },
    {name: 'digests', group: 'Output', help: 'show digests, too'},
    {
      name: 'filter',
      short: 'f',
      value: 'WORD=VALUE',
      group: 'Input',
      help: 'show only what fits (repeatable)',
    },
    formatFlag,
    {name: 'no-trunc', group: 'Output', help: 'print whole IDs'},
    {name: 'quiet', short: 'q', group: 'Output', help: 'print image IDs only, each once'},
  ],
  dockerFlags: [{name: 'tree', refusal: 'is not there: every platform of an index has a line of its own'}],
  load: async () => (await import('./images.ts')).listImages,
};
