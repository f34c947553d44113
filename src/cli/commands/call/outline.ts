// `--call=outline`: what the build of a target takes.

import type {Outline, OutlineMount} from '../../../build/check/outline.ts';
import type {SourceFile} from '../../../diagnostics/source-file.ts';
import {locationOf, withoutBlanks} from './location.ts';
import {tableText} from './table.ts';

export function outlineText({name, description, args, secrets, ssh}: Outline): string {
  const head = [
    `TARGET:      ${name === '' ? 'default' : name}\n`,
    description === '' ? '' : `DESCRIPTION: ${description}\n`,
  ].join('');
  const blocks = [
    head,
    tableText(
      ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
      args.map((argument) => [argument.name, argument.value, argument.description]),
    ),
    tableText(['SECRET', 'REQUIRED'], secrets.map(mountRow)),
    tableText(['SSH', 'REQUIRED'], ssh.map(mountRow)),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function mountRow({name, required}: OutlineMount): readonly string[] {
  return [name, required ? 'true' : ''];
}

/** In the shape of BuildKit's outline subrequest. */
export function outlineJson({name, description, args, secrets, ssh}: Outline, file: SourceFile): object {
  return {
    ...withoutBlanks({name, description}),
    ...(args.length === 0 ? {} : {args: args.map(argumentJson)}),
    ...(secrets.length === 0 ? {} : {secrets: secrets.map(mountJson)}),
    ...(ssh.length === 0 ? {} : {ssh: ssh.map(mountJson)}),
    sources: [Buffer.from(file.text).toString('base64')],
  };
}

function argumentJson({name, description, value, span}: Outline['args'][number]): object {
  return {name, ...withoutBlanks({description, value}), location: locationOf(span)};
}

function mountJson({name, required, span}: OutlineMount): object {
  return {name, ...(required ? {required} : {}), location: locationOf(span)};
}
