// `tsbuild layers`.

import {choosePlatformFlag} from '../../flags.ts';
import {formatFlag} from '../../format/flag.ts';
import type {Command} from '../command.ts';

export const layersCommand: Command = {
  name: 'layers',
  section: 'Images',
  usage: ['[--files] [FLAGS] IMAGE'],
  shortUsage: 'IMAGE',
  summary: 'show what each layer of an image adds, changes, hides and wastes',
  about:
    'Reads the layers of an image of the local store, bottom first. WASTED are bytes that layers above replace or remove: they are sent and stored for nothing. REPEATED are bytes that only repeat a file below, as after chmod or chown. LINE is the line of the Dockerfile, of an image that was built here; of a layer of the base image that of FROM. With --files each path is told: + added, ~ changed, - removed.',
  more: 'Fields of --format: .Layer .DiffID .Digest .Size .Unpacked .Added .Changed .Removed .Wasted .Repeated .Line .CreatedBy, and .Changes for json\n',
  flags: [
    {name: 'files', group: 'Output', help: 'list every path that a layer adds, changes or removes'},
    formatFlag,
    {name: 'no-trunc', group: 'Output', help: 'print instructions whole'},
    choosePlatformFlag,
  ],
  load: async () => (await import('./layers.ts')).showLayers,
};
