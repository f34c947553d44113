// COPY: files of the build context, of another stage or image (--from), or of the file itself (heredocs).

import type {CopyInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {readSourcesAndDestination} from '../../dockerfile/sources-and-destination.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const copyReader = {
  keyword: 'COPY',
  shape: 'array-or-words',
  flags: {from: 'text', chown: 'text', chmod: 'text', link: 'switch', parents: 'switch', exclude: 'list'},
  heredoc: true,
  read(statement, report): CopyInstruction | undefined {
    const paths = readSourcesAndDestination(statement, report);
    const flags = readFlags(statement.flags, copyReader.flags, report);
    if (paths === undefined || flags === undefined) return undefined;
    const [from, chown, chmod] = [flags.text('from'), flags.text('chown'), flags.text('chmod')];
    return {
      keyword: 'COPY',
      ...instructionBase(statement),
      ...paths,
      // An empty value is like no flag: `--chown=` has always been accepted.
      ...(from ? {from} : {}),
      ...(chown ? {chown} : {}),
      ...(chmod ? {chmod} : {}),
      link: flags.isOn('link') ?? false,
      parents: flags.isOn('parents') ?? false,
      excludes: flags.list('exclude'),
    };
  },
} satisfies InstructionReader;
