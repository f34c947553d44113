// `tsbuild cache-mount ls`, `inspect`, `export`, `import`, `rm` and `prune`: what RUN --mount=type=cache keeps.

import type {Flag} from '../../flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';
import {pruneCommand} from '../prune/command.ts';

const section = 'Cache and history';
const mounts =
  'CACHE is the id of a mount (without one, its target), or the beginning of the ID that du shows. What a running step has mounted is neither read nor changed.';
const variants =
  'Mounts of one id with another owner, mode or source are variants of it, each with contents of its own: --variant names one as its RUN instruction does.';

const variantFlag: Flag = {
  name: 'variant',
  value: 'OPTIONS',
  group: 'Cache',
  help: 'options of the mount, such as mode=0700,uid=1000 (mode, uid, gid, source; private=N)',
};

export const cacheMountCommands: readonly Command[] = [
  {
    name: 'cache-mount export',
    section,
    usage: ['[-o FILE] [--variant OPTIONS] CACHE'],
    shortUsage: '[-o FILE] CACHE',
    summary: 'write the contents of a cache mount as a tar',
    about: `Writes the contents of a cache mount as a tar, with owners, modes, times and extended attributes; the same contents give the same bytes. ${mounts}`,
    more: variants,
    flags: [
      {
        name: 'output',
        short: 'o',
        value: 'FILE',
        group: 'Output',
        help: 'the file (default: standard output)',
      },
      variantFlag,
    ],
    load: async () => (await import('./archive.ts')).exportCache,
  },
  {
    name: 'cache-mount import',
    section,
    usage: ['[-i FILE] [--variant OPTIONS] CACHE'],
    shortUsage: '[-i FILE] CACHE',
    summary: 'fill a cache mount from a tar, in place of what it has',
    about: `Makes a cache mount of a tar (plain, gzip, bzip2, xz or zstd), in place of what it has; the mount need not exist. Paths of the archive cannot leave it. ${mounts}`,
    more: variants,
    flags: [
      {
        name: 'input',
        short: 'i',
        value: 'FILE',
        group: 'Output',
        help: 'the archive (default: standard input)',
      },
      variantFlag,
    ],
    load: async () => (await import('./archive.ts')).importCache,
  },
  {
    name: 'cache-mount inspect',
    section,
    usage: ['[--format FORMAT] CACHE…'],
    summary: 'show everything about cache mounts',
    about: `Shows everything about cache mounts, variant by variant. ${mounts}`,
    flags: [formatFlagFor('json, or a template with the fields of the list')],
    load: async () => (await import('./list.ts')).inspectCaches,
  },
  {
    name: 'cache-mount ls',
    section,
    usage: ['[--format FORMAT] [-q]'],
    shortUsage: '',
    summary: 'list what RUN --mount=type=cache keeps',
    about:
      'Lists cache mounts, those used last first: how the last step shared them, size, last use, owner and mode of their root, and where their contents came from when they were imported.',
    flags: [
      formatFlagFor(
        'table, json, or a template with .ID .CacheID .Variant .Sharing .Size .Bytes .LastUsed .LastUsedAt .CreatedAt .InUse .Scope',
      ),
      {name: 'quiet', short: 'q', group: 'Output', help: 'print ids only'},
    ],
    load: async () => (await import('./list.ts')).listCaches,
  },
  {
    ...pruneCommand,
    name: 'cache-mount prune',
    usage: ['[--filter FILTER…] [--max-used-space SIZE] [--dry-run] [-f]'],
    summary: 'remove cache mounts by age or size',
    about:
      'Removes cache mounts, the longest unused first, and never one that a running step has mounted: "tsbuild prune" with the filter type=exec.cachemount. Without limits everything goes that the filters leave. Nothing is asked with --force.',
    flags: pruneCommand.flags.filter(({name}) => name !== 'all' && name !== 'automatic'),
    load: async () => (await import('./remove.ts')).pruneCaches,
  },
  {
    name: 'cache-mount rm',
    section,
    usage: ['CACHE…'],
    summary: 'remove cache mounts, with all their variants',
    about: `Removes cache mounts, with all their variants. ${mounts} Exit code 1 when one of them is in use; the others go.`,
    flags: [],
    load: async () => (await import('./remove.ts')).removeCaches,
  },
];
