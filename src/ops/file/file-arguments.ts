// FileAction → arguments of the helper's `copy` (docs/formats/helper-protocol.md). Pure.

import type {CopyAction, FileAction, MakeDirectoryAction, MakeFileAction} from '../../graph/op.ts';
import {copyArgumentsOf} from '../../tree/copy-arguments.ts';
import type {Selection} from '../../tree/select.ts';

export function makeFileArguments(action: MakeFileAction): string[] {
  return [
    'action=file',
    `destination=${action.destination}`,
    `name=${action.name}`,
    `content=${action.content}`,
    ...ownership(action),
  ];
}

export function makeDirectoryArguments(action: MakeDirectoryAction): string[] {
  return [
    'action=mkdir',
    `path=${action.path}`,
    ...(action.owner === undefined ? [] : [`owner=${action.owner}`]),
    ...(action.unknownOwner === 'root' ? ['unknownowner=root'] : []),
  ];
}

/** One copy for each selected source, in order: a later one may overwrite an earlier one. */
export function copyActionArguments(
  action: CopyAction,
  selection: Selection,
  view: number,
  fromContext: boolean,
): string[] {
  return selection.sources.flatMap((source) => [
    'action=copy',
    `view=${view}`,
    ...copyArgumentsOf(source, action.destination),
    ...ownership(action),
    ...(action.unpack ? ['unpack=1'] : []),
    ...(fromContext ? ['contextowner=1'] : []),
  ]);
}

function ownership(action: {readonly owner?: string; readonly mode?: number | string}): string[] {
  const {owner, mode} = action;
  return [
    ...(owner === undefined ? [] : [`owner=${owner}`]),
    ...(mode === undefined ? [] : [`mode=${typeof mode === 'number' ? mode.toString(8) : mode}`]),
  ];
}

/** The time that the directories and files an op makes itself are given, if it says so. */
export function createdSecondsOf(actions: readonly FileAction[]): number | undefined {
  return actions.find((action) => action.createdSeconds !== undefined)?.createdSeconds;
}
