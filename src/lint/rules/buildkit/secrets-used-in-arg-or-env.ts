// SecretsUsedInArgOrEnv: both end up in the image, ENV in its config and ARG in its history. Judged by the name
// alone: a word of it, between underscores, tells.

import {quoted} from '../../../plan/go-format.ts';
import type {ObservedInstruction} from '../../../plan/plan-observer.ts';
import type {LintRule} from '../../rule.ts';

const secret = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmless = /(?:_|^)(?:public|file|version)(?:_|$)/i;

export const secretsUsedInArgOrEnv: LintRule = {
  name: 'SecretsUsedInArgOrEnv',
  description: 'Sensitive data should not be used in the ARG or ENV commands',
  url: 'https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/',
  start: ({report}) => ({
    onInstruction(seen) {
      const {instruction, span} = seen;
      for (const name of declaredNames(seen)) {
        if (!secret.test(name) || harmless.test(name)) continue;
        const what = `${instruction.keyword} ${quoted(name)}`;
        const {comments} = instruction;
        report({span, comments}, `Do not use ARG or ENV instructions for sensitive data (${what})`);
      }
    },
  }),
};

function declaredNames({instruction, stage}: ObservedInstruction): readonly string[] {
  if (instruction.keyword === 'ARG') return instruction.args.map(({key}) => key);
  if (instruction.keyword === 'ENV') return instruction.pairs.map(({key}) => stage.peek(key) ?? key);
  return [];
}
