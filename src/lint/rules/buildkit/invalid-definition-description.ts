// InvalidDefinitionDescription: a comment right above an ARG or a named FROM is its description in `--call=outline`
// and `--call=targets`, and then begins with its name. Opt-in, as in BuildKit: most comments there were never meant
// as such.

import type {Dockerfile, InstructionBase} from '../../../dockerfile/ast.ts';
import {isCheckComment} from '../../check-options.ts';
import type {LintRule} from '../../rule.ts';

export const invalidDefinitionDescription: LintRule = {
  name: 'InvalidDefinitionDescription',
  description:
    'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
  url: 'https://docs.docker.com/go/dockerfile/rule/invalid-definition-description/',
  isOptIn: true,
  start: ({report}) => ({
    onFile(dockerfile) {
      for (const {instruction, keyword, names} of definitionsOf(dockerfile)) {
        const comment = instruction.comments.filter((text) => !isCheckComment(text)).at(-1);
        const [first = '', ...others] = names;
        if (comment === undefined || first === '' || names.includes(comment.split(' ', 1)[0] ?? '')) continue;
        const shown = others.length === 0 ? first : '<arg_key>';
        report(instruction, `Comment for ${keyword} should follow the format: \`# ${shown} <description>\``);
      }
    },
  }),
};

interface Definition {
  readonly instruction: InstructionBase;
  readonly keyword: 'ARG' | 'FROM';
  readonly names: readonly string[];
}

function definitionsOf({metaArgs, stages}: Dockerfile): readonly Definition[] {
  const inStages = stages.flatMap(({name, from, instructions}) => [
    {instruction: from, keyword: 'FROM', names: [name]} as const,
    ...instructions.flatMap((instruction) => (instruction.keyword === 'ARG' ? [argument(instruction)] : [])),
  ]);
  return [...metaArgs.map(argument), ...inStages];
}

function argument(instruction: Dockerfile['metaArgs'][number]): Definition {
  return {instruction, keyword: 'ARG', names: instruction.args.map(({key}) => key)};
}
