// --help, laid out like a manual page from the tables of flags. Pure text; loads nothing but the tables.

import {doctorFlags} from './commands/doctor/flags.ts';
import {runFlags} from './commands/run/flags.ts';
import {shellFlags} from './commands/shell/flags.ts';
import {buildFlags, type Flag, flagGroups, globalFlags, imagesFlags, inspectFlags} from './flags.ts';
import {version} from './version.ts';

const indent = '  ';
const flagWidth = 28;

/** The text of `tsbuild --help` or `tsbuild COMMAND --help`, wrapped to `columns`. */
export function helpText(command: string, columns: number): string {
  const width = Math.max(60, Math.min(columns, 100));
  switch (command) {
    case 'run':
      return page('tsbuild run [FLAGS] IMAGE [COMMAND…]', runText, runFlags, width);
    case 'shell':
      return page(
        'tsbuild shell --at STEP [FLAGS] PATH|URL|- [-- COMMAND…]\n  tsbuild shell --failed [PATH] [-- COMMAND…]',
        shellText,
        shellFlags,
        width,
      );
    case 'images':
      return page(
        'tsbuild images [--format table|json] [-q]',
        'Lists the images of the local store, newest first.',
        imagesFlags,
        width,
      );
    case 'doctor':
      return page('tsbuild doctor [--format text|json]', doctorText, doctorFlags, width);
    case 'inspect':
      return page(
        'tsbuild inspect IMAGE',
        'Prints config and manifest of an image of the local store as JSON. IMAGE is a name, or the beginning of an image ID or manifest digest.',
        inspectFlags,
        width,
      );
    case 'debug':
      return debugHelp;
    default:
      return buildHelp(width);
  }
}

function buildHelp(width: number): string {
  const groups = flagGroups
    .map((group) => {
      const lines = flagLines([...buildFlags, ...globalFlags], group, width);
      return lines === '' ? '' : `${group}:\n${lines}`;
    })
    .filter((text) => text !== '');
  return [
    `tsbuild ${version}: builds OCI images from Dockerfiles\n`,
    `Usage:\n${[
      'tsbuild [build] [FLAGS] PATH|URL|-   build an image; PATH holds the Dockerfile and its files',
      'tsbuild run [FLAGS] IMAGE [COMMAND]  run an image in the sandbox of a step; nothing of it is kept',
      'tsbuild shell --at STEP|--failed     open a shell where a step left off',
      'tsbuild images                       list the images of the local store',
      'tsbuild inspect IMAGE                show an image’s config and manifest as JSON',
      'tsbuild doctor                       say what this machine can and cannot do, and how to mend it',
      'tsbuild debug parse|shell|ignore     show how a Dockerfile, a word, a .dockerignore is read',
      'tsbuild version                      show the version',
    ]
      .map((line) => `${indent}${line}\n`)
      .join('')}`,
    ...groups,
    outputsText,
    examplesText,
    environmentText,
    exitCodesText,
  ].join('\n');
}

function page(usage: string, text: string, flags: readonly Flag[], width: number): string {
  const lines = flagGroups
    .map((group) => flagLines([...flags, ...globalFlags], group, width))
    .filter((block) => block !== '')
    .join('');
  return `Usage:\n${indent}${usage}\n\n${wrap(text, width).join('\n')}\n\nFlags:\n${lines}`;
}

function flagLines(flags: readonly Flag[], group: Flag['group'], width: number): string {
  let text = '';
  for (const flag of flags) {
    if (flag.group !== group || flag.help === undefined) continue;
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    const head = `${indent}${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
    const [first = '', ...rest] = wrap(flag.help, width - flagWidth - 4);
    const column = ' '.repeat(flagWidth + 4);
    text +=
      head.length >= flagWidth + 4
        ? `${head}\n${column}${first}\n`
        : `${head.padEnd(column.length)}${first}\n`;
    for (const line of rest) text += `${column}${line}\n`;
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

const runText =
  'Runs an image of the local store, or pulls it, in the sandbox of a RUN step. The flags are docker run’s; the process is always in the foreground, what it writes is thrown away, and signals are passed on to it (SIGTERM as the image’s STOPSIGNAL; the third Ctrl-C kills). Without -t, output is passed through byte for byte. Exit code: that of the process, 128 + N when signal N ended it; 125 when tsbuild failed, 126 when the program cannot be run, 127 when there is none.';

const shellText =
  'Opens a shell (or runs COMMAND) in the file system of a step: the state after it, built as far as needed, with the environment, directory and user that RUN would have there. With --failed in the state in which the failed RUN step left off, also hours later: its files, environment and mounts, but no secrets. It is kept until its Dockerfile is built again. What the shell writes is thrown away.';

const doctorText =
  'Tries what builds need and could use: kernel, helper, user namespaces, overlay, sandboxes, the system call filter, limits, networks, emulators, the state directory, git, configuration, credential helpers. Says of each whether it works, why not, and what mends it. Changes nothing. Exit code: 0 when builds can run here, 3 when they cannot.';

const outputsText = `Outputs (-o):
  type=image[,name=NAME]              the local image store (the default)
  type=oci,dest=FILE                  OCI layout in a tar; with tar=false a directory
  type=docker,dest=FILE               archive for docker load and podman load
  type=tar,dest=FILE                  the image's files as one tar
  type=local,dest=DIR                 the image's files in a directory; nothing there is deleted
  type=cacheonly                      nowhere: only the cache is filled
  dest=- writes to standard output.
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

const debugHelp = `Usage:
  tsbuild debug parse FILE              how a Dockerfile is read, as JSON
  tsbuild debug print FILE              a Dockerfile as it was read, an instruction a line
  tsbuild debug shell < CASES.jsonl     how words are expanded
  tsbuild debug ignore < CASES.jsonl    what .dockerignore patterns match
  tsbuild debug lint FILE               what is minded about a Dockerfile, as JSON
  tsbuild debug layout DIR              what is wrong with an OCI image layout

These show the inside of tsbuild for tests and bug reports; their output may change in any version.
`;
