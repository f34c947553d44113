// `tsbuild history ls`, `inspect`, `logs`, `compare`, `rm` and `export`: the builds that were recorded here.

import {builderFlags, type DockerFlag} from '../../docker-flags.ts';
import {formatFlagFor} from '../../format/flag.ts';
import type {Command} from '../command.ts';

const section = 'Cache and history';
const builds = 'BUILD is an ID (its beginning or end is enough) or ^N, the N-th before the newest.';

/** Logs are text as it was written, which is what docker prints for `plain`. */
const progress: DockerFlag = {
  name: 'progress',
  value: true,
  refusal: 'takes only plain here: logs are kept as the steps wrote them',
  accepted: ['plain', 'auto'],
};

export const historyBuildCommands: readonly Command[] = [
  {
    name: 'history compare',
    section,
    usage: ['[--format text|json] [BUILD [BUILD]]'],
    shortUsage: '[BUILD [BUILD]]',
    summary: 'tell in what two builds differ, step by step',
    about: `Tells in what two builds differ; without operands, the newest one and the one before it. ${builds}`,
    flags: [formatFlagFor('text or json (default: text)')],
    dockerFlags: builderFlags,
    load: async () => (await import('./compare.ts')).compareBuilds,
  },
  {
    name: 'history export',
    section,
    usage: ['[--format html|json] [-o FILE] [BUILD]', '[--format html|json] [-o DIR] BUILD BUILD…|--all'],
    shortUsage: '[-o FILE] [BUILD]',
    summary: 'write a report of a build: timeline, graph, critical path, cache misses',
    about: `Writes a report of a build as one HTML file that needs nothing else, or its record as JSON; of several builds into a directory, each under its ID. ${builds}`,
    flags: [
      {name: 'all', group: 'Output', help: 'all builds that are recorded here'},
      formatFlagFor('html or json (default: html)'),
      {
        name: 'output',
        short: 'o',
        value: 'FILE',
        group: 'Output',
        help: 'the file (default: standard output), or the directory for several builds (default: this one)',
      },
    ],
    dockerFlags: [...builderFlags, {name: 'finalize'}],
    load: async () => (await import('./export.ts')).exportBuild,
  },
  {
    name: 'history inspect',
    section,
    usage: ['[--format FORMAT] [BUILD]'],
    shortUsage: '[BUILD]',
    summary: 'show a build step by step, with the reason for each cache miss',
    about: `Shows a build step by step. ${builds}`,
    flags: [formatFlagFor('json, or a template with the fields of history ls and .Record')],
    dockerFlags: builderFlags,
    load: async () => (await import('./inspect.ts')).inspectBuild,
  },
  {
    name: 'history logs',
    section,
    usage: ['[BUILD] [STEP]'],
    summary: 'print what the steps of a build wrote, or one of them',
    about: `Prints what the steps of a build wrote; STEP is a number of history inspect. ${builds}`,
    flags: [],
    dockerFlags: [...builderFlags, progress],
    load: async () => (await import('./inspect.ts')).showLogs,
  },
  {
    name: 'history ls',
    section,
    usage: ['[FLAGS]'],
    shortUsage: '',
    summary: 'list the builds that were recorded here, newest first',
    about:
      'Lists builds, newest first; failed and interrupted ones are recorded, too. The last column says how many of the steps were found in the cache. The newest 200 are kept, with 512 MiB of logs at most.',
    flags: [
      formatFlagFor(
        'table, json, or a template with .ID (or .Ref) .Name .Status .CreatedAt .Duration .Steps .Cached .Context .Tags .Error',
      ),
      {
        name: 'filter',
        value: 'KEY=VALUE',
        group: 'Output',
        help: 'only builds with this status (completed, error, canceled), name, ref, context, repository or tag, also with !=; or startedAt, completedAt, duration with < <= > >= and a time such as 24h (repeatable)',
      },
      {name: 'local', group: 'Output', help: 'only builds of the git repository that this directory is in'},
      {name: 'limit', value: 'N', group: 'Output', help: 'no more than N builds'},
      {name: 'quiet', short: 'q', group: 'Output', help: 'print IDs only'},
    ],
    dockerFlags: [...builderFlags, {name: 'no-trunc'}],
    load: async () => (await import('./list.ts')).listBuilds,
  },
  {
    name: 'history rm',
    section,
    usage: ['BUILD…', '--all'],
    shortUsage: 'BUILD…',
    summary: 'remove builds from the history',
    about: `Removes records and logs of builds; images and cache are not touched. ${builds}`,
    flags: [{name: 'all', group: 'Output', help: 'remove all of them'}],
    dockerFlags: builderFlags,
    load: async () => (await import('./list.ts')).removeBuilds,
  },
];
