// MultipleInstructionsDisallowed: of several CMD, ENTRYPOINT or HEALTHCHECK of one stage only the last counts. The
// place is the one that is lost; whether it is told, the comments above the one that wins say.

import type {Span} from '../../../diagnostics/span.ts';
import type {StageView} from '../../../plan/plan-observer.ts';
import type {LintRule} from '../../rule.ts';
import {writtenKeyword} from '../../written.ts';

const single: ReadonlySet<string> = new Set(['CMD', 'ENTRYPOINT', 'HEALTHCHECK']);

export const multipleInstructionsDisallowed: LintRule = {
  name: 'MultipleInstructionsDisallowed',
  description: 'Multiple instructions of the same type should not be used in the same stage',
  url: 'https://docs.docker.com/go/dockerfile/rule/multiple-instructions-disallowed/',
  start({report}) {
    const seen = new Map<StageView, Map<string, Span>>();
    return {
      onInstruction({instruction, span, stage}) {
        const {keyword, comments} = instruction;
        if (!single.has(keyword)) return;
        const spans = seen.get(stage) ?? new Map<string, Span>();
        seen.set(stage, spans);
        const lost = spans.get(keyword);
        spans.set(keyword, span);
        if (lost === undefined) return;
        const shown = writtenKeyword(instruction);
        report(
          {span: lost, comments},
          `Multiple ${shown} instructions should not be used in the same stage because only the last one will be used`,
        );
      },
    };
  },
};
