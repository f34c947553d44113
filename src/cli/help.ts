// --help, laid out like a manual page from the tables of flags. Pure text; loads nothing but the tables.

import {type Command, sections} from './commands/command.ts';
import {commandNamed, commands} from './commands/index.ts';
import {buildFlags, type Flag, flagGroups, withGlobalFlags} from './flags.ts';
import {version} from './version.ts';

const indent = '  ';
const flagWidth = 28;
const commandWidth = 38;

/** The text of `tsbuild --help` or `tsbuild COMMAND --help`, wrapped to `columns`. */
export function helpText(command: string, columns: number): string {
  const width = Math.max(60, Math.min(columns, 100));
  const row = commandNamed(command);
  if (row !== undefined && row.name !== 'build') return page(row, width);
  const group = commands.filter(({name}) => name.startsWith(`${command} `));
  if (group.length > 0) return `Usage:\n${commandLines(group, width)}`;
  return buildHelp(width);
}

function buildHelp(width: number): string {
  const groups = flagGroups
    .map((group) => {
      const lines = flagLines(withGlobalFlags(buildFlags), group, width);
      return lines === '' ? '' : `${group}:\n${lines}`;
    })
    .filter((text) => text !== '');
  return [
    `tsbuild ${version}: builds OCI images from Dockerfiles\n`,
    `Usage:\n${indent}tsbuild [build] [FLAGS] PATH|URL|-   (tsbuild COMMAND --help tells about one)\n`,
    ...sections
      .map((section) => {
        const rows = commands.filter((row) => row.section === section);
        return rows.length === 0 ? '' : `${section}:\n${commandLines(rows, width)}`;
      })
      .filter((text) => text !== ''),
    ...groups,
    outputsText,
    examplesText,
    environmentText,
    exitCodesText,
  ].join('\n');
}

function page({name, usage, summary, about, more, flags, arguments: whose}: Command, width: number): string {
  const forms = usage.map((form) => `${indent}tsbuild ${name} ${form}`.trimEnd()).join('\n');
  const text = wrap(about ?? summary, width).join('\n');
  const lines = flagGroups
    .map((group) => flagLines(withGlobalFlags(flags), group, width))
    .filter((block) => block !== '')
    .join('');
  const parts = [`Usage:\n${forms}\n`, `${text}\n`];
  if (more !== undefined) parts.push(`${more.trimEnd()}\n`);
  if (whose !== 'raw') parts.push(`Flags:\n${lines}`);
  return parts.join('\n');
}

function commandLines(rows: readonly Command[], width: number): string {
  return rows
    .map(({name, usage, shortUsage = usage[0] ?? '', summary}) =>
      entry(`${indent}tsbuild ${`${name} ${shortUsage}`.trimEnd()}`, summary, commandWidth, width),
    )
    .join('');
}

/** A head, and beside it, or below where it is long, a text. */
function entry(head: string, text: string, column: number, width: number): string {
  const [first = '', ...rest] = wrap(text, width - column);
  const blanks = ' '.repeat(column);
  const begin = head.length >= column ? `${head}\n${blanks}${first}\n` : `${head.padEnd(column)}${first}\n`;
  return begin + rest.map((line) => `${blanks}${line}\n`).join('');
}

function flagLines(flags: readonly Flag[], group: Flag['group'], width: number): string {
  let text = '';
  for (const flag of flags) {
    if (flag.group !== group || flag.help === undefined) continue;
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    const head = `${indent}${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
    text += entry(head, flag.help, flagWidth + 4, width);
  }
  return text;
}

/** Breaks at blanks; a word longer than the width stands on a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

const outputsText = `Outputs (-o):
  type=image[,name=NAME]              the local image store (the default)
  type=oci,dest=FILE                  OCI layout in a tar; with tar=false a directory
  type=docker,dest=FILE               archive for docker load and podman load
  type=tar,dest=FILE                  the image's files as one tar
  type=local,dest=DIR                 the image's files in a directory; nothing there is deleted
  type=cacheonly                      nowhere: only the cache is filled
  dest=- writes to standard output, and so do oci and tar without dest. Images take
  compression=gzip|zstd|estargz|uncompressed, compression-level=N, force-compression=true,
  rewrite-timestamp=true, squash=stage|all.
`;

const examplesText = `Examples:
  tsbuild -t app .                                  build ./Dockerfile into the local store
  tsbuild -t app -f docker/app.Dockerfile --target test .
  tsbuild --build-arg VERSION=1.2 -o type=oci,dest=app.tar .
  tsbuild -o out --target binaries .                copy the files of a stage to ./out
  tsbuild -o - . | tar -tv                          look into the result
  tsbuild -q . < /dev/null                          only the image ID
  tsbuild - < Dockerfile                            no context at all
  tsbuild --secret id=npmrc,src=$HOME/.npmrc .      for RUN --mount=type=secret,id=npmrc
`;

const environmentText = `Environment:
  TSBUILD_ROOT              state directory, as --root
  TSBUILD_CONFIG            configuration file, as --config
  BUILDKIT_PROGRESS         progress mode, as --progress
  BUILDKIT_TTY_LOG_LINES    lines of output shown under each running step (default: 6)
  NO_COLOR                  no colours
  SOURCE_DATE_EPOCH         time of the image, its history and its new files, in seconds since 1970
  DOCKER_DEFAULT_PLATFORM   platform, as --platform
  DOCKER_CONFIG             directory of docker's config.json: credentials, proxies
  SSH_AUTH_SOCK             agent for --ssh default
`;

const exitCodesText = `Exit codes:
  0    built
  1    the Dockerfile, the context or a step failed
  2    the command line is wrong
  3    the machine cannot do it (no user namespaces, disk full, registry not reachable)
  70   a bug of tsbuild
  130  interrupted; a second Ctrl-C leaves at once
`;
