// FROM: begins a stage on an image, an earlier stage or `scratch`. Image and platform may hold variables, the name may
// not.

import type {FromInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

const namePattern = /^[a-z][a-z0-9-_.]*$/;

export const fromReader = {
  keyword: 'FROM',
  shape: 'image',
  flags: {platform: 'text'},
  heredoc: false,
  read(statement, report): FromInstruction | undefined {
    const flags = readFlags(statement.flags, fromReader.flags, report);
    // The grammar has seen to it that there are one or three words, the second being AS.
    const [image, , alias] = statement.args;
    const name = alias?.text.toLowerCase() ?? '';
    if (alias !== undefined && !namePattern.test(name)) {
      const written = JSON.stringify(alias.text);
      report({
        code: 'dockerfile-stage-name',
        message: `invalid name for build stage: ${written}, name can't start with a number or contain symbols`,
        span: alias.span,
        hints: ['a name begins with a letter; digits, -, _ and . may follow'],
      });
      return undefined;
    }
    if (image === undefined || flags === undefined) return undefined;
    const platform = flags.text('platform');
    const base = {keyword: 'FROM', ...instructionBase(statement), image: image.text, name} as const;
    return platform ? {...base, platform} : base;
  },
} satisfies InstructionReader;
