// One thing said to the user about their input: what is wrong, where, and what would mend it. Data, not an
// exception: analysis rooms collect these and go on, so that one run reports every mistake.

import type {SourceFile} from './source-file.ts';
import type {Span} from './span.ts';

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** `room-problem`, for instance `dockerfile-unknown-flag`; lint rules use their BuildKit name. */
  readonly code: string;
  /** Lower case, no full stop; what was expected and what was got. Never a secret. */
  readonly message: string;
  readonly file?: SourceFile;
  readonly span?: Span;
  /** What the user can do, each a sentence: "did you mean --from?". */
  readonly hints?: readonly string[];
  /** Page that says more. */
  readonly url?: string;
  /** Further lines printed below the excerpt (last lines of a failed step, the cause of a miss). */
  readonly notes?: readonly string[];
}
