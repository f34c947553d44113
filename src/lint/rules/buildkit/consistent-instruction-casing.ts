// ConsistentInstructionCasing: all keywords of a file in capitals, or none. Which of them, the majority says; in a
// tie capitals win. ARGs before the first FROM have no vote.

import type {Dockerfile, InstructionBase} from '../../../dockerfile/ast.ts';
import type {LintRule} from '../../rule.ts';
import {writtenKeyword} from '../../written.ts';

export const consistentInstructionCasing: LintRule = {
  name: 'ConsistentInstructionCasing',
  description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
  url: 'https://docs.docker.com/go/dockerfile/rule/consistent-instruction-casing/',
  start: ({report}) => ({
    onFile(dockerfile) {
      const instructions = instructionsOf(dockerfile);
      const keywords = instructions.map(writtenKeyword);
      const lower = keywords.filter((word) => word === word.toLowerCase()).length;
      const upper = keywords.filter((word) => word === word.toUpperCase()).length;
      const isLower = lower > upper;
      instructions.forEach((instruction, index) => {
        const keyword = keywords[index] ?? '';
        if (keyword === (isLower ? keyword.toLowerCase() : keyword.toUpperCase())) return;
        const casing = isLower ? 'lowercase' : 'uppercase';
        report(instruction, `Command '${keyword}' should match the case of the command majority (${casing})`);
      });
    },
  }),
};

function instructionsOf({stages}: Dockerfile): readonly InstructionBase[] {
  return stages.flatMap(({from, instructions}) => [from, ...instructions]);
}
