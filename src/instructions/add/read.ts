// ADD: like COPY, with archives, URLs and git repositories as sources.

import type {CopyInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {readSourcesAndDestination} from '../../dockerfile/sources-and-destination.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const addReader = {
  keyword: 'ADD',
  shape: 'array-or-words',
  flags: {
    chown: 'text',
    chmod: 'text',
    link: 'switch',
    'keep-git-dir': 'switch',
    checksum: 'text',
    unpack: 'switch',
    exclude: 'list',
  },
  heredoc: true,
  read(statement, report): CopyInstruction | undefined {
    const paths = readSourcesAndDestination(statement, report);
    const flags = readFlags(statement.flags, addReader.flags, report);
    if (paths === undefined || flags === undefined) return undefined;
    const [chown, chmod, checksum] = [flags.text('chown'), flags.text('chmod'), flags.text('checksum')];
    const [keepGitDir, unpack] = [flags.isOn('keep-git-dir'), flags.isOn('unpack')];
    return {
      keyword: 'ADD',
      ...instructionBase(statement),
      ...paths,
      ...(chown ? {chown} : {}),
      ...(chmod ? {chmod} : {}),
      ...(checksum ? {checksum} : {}),
      ...(keepGitDir === undefined ? {} : {keepGitDir}),
      ...(unpack === undefined ? {} : {unpack}),
      link: flags.isOn('link') ?? false,
      parents: false,
      excludes: flags.list('exclude'),
    };
  },
} satisfies InstructionReader;
