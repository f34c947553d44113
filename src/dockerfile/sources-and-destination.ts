// The arguments of COPY and ADD: sources, of which some may be heredocs, and a destination.

import type {CopyInstruction, Heredoc} from './ast.ts';
import {chompTabs, heredocOpening} from './heredoc.ts';
import type {Report} from './instruction-reader.ts';
import type {Statement} from './statement.ts';

export type SourcesAndDestination = Pick<CopyInstruction, 'sources' | 'sourceHeredocs' | 'destination'>;

/** Reports and gives undefined when there are too few, or the destination is a heredoc. */
export function readSourcesAndDestination(
  statement: Statement,
  report: Report,
): SourcesAndDestination | undefined {
  const {keyword, args, heredocs} = statement;
  const destination = args.at(-1);
  if (destination === undefined || args.length < 2) {
    const message = `${keyword} requires at least two arguments, but only one was provided. Destination could not be determined`;
    const hints = [`write ${keyword} SOURCE DESTINATION; the destination may be .`];
    report({code: 'dockerfile-arguments', message, span: statement.keywordWord.span, hints});
    return undefined;
  }
  if (heredocOpening(destination.text) !== undefined) {
    const message = `${keyword} cannot accept a heredoc as a destination`;
    report({code: 'dockerfile-heredoc-destination', message, span: destination.span});
    return undefined;
  }
  // Of two heredocs with one name the last is meant by both.
  const bodies = new Map(heredocs.map((heredoc) => [heredoc.name, heredoc.raw]));
  const sources: string[] = [];
  const sourceHeredocs: Heredoc[] = [];
  for (const {text} of args.slice(0, -1)) {
    const opening = heredocOpening(text);
    if (opening === undefined) sources.push(text);
    else {
      const raw = bodies.get(opening.name) ?? '';
      sourceHeredocs.push({...opening, content: opening.chomp ? chompTabs(raw) : raw, raw});
    }
  }
  return {sources, sourceHeredocs, destination: destination.text};
}
