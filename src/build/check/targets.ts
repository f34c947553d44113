// The stages of a file as what can be given to --target. Nothing is planned, so nothing is looked up.

import type {Span} from '../../diagnostics/span.ts';
import type {Dockerfile} from '../../dockerfile/ast.ts';
import {descriptionOf} from '../../dockerfile/doc-comment.ts';

export interface TargetDescription {
  /** '' for a stage without a name. */
  readonly name: string;
  readonly description: string;
  /** The last stage, which is built when no target is given. */
  readonly isDefault: boolean;
  /** As written. */
  readonly base: string;
  readonly platform: string;
  readonly span: Span;
}

export function targetsOf({stages}: Dockerfile): readonly TargetDescription[] {
  return stages.map(({name, from}, index) => ({
    name,
    description: descriptionOf(from.comments, name),
    isDefault: index === stages.length - 1,
    base: from.image,
    platform: from.platform ?? '',
    span: from.span,
  }));
}
