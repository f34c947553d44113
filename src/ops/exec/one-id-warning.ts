// As an ordinary user without subordinate ids, a sandbox has one user and one group, and much of what Dockerfiles do
// about users fails in it with errors that do not say why. So that is said, once for each build that runs a step.

import type {Diagnostic} from '../../diagnostics/diagnostic.ts';

export const oneIdWarning: Diagnostic = {
  severity: 'warning',
  code: 'sandbox-one-id',
  // All in one, since warnings are listed by their messages.
  message:
    'steps have one user and one group here, so chown, su, sudo, USER, and package managers that change users fail; ' +
    'for more, install newuidmap (package uidmap) and have root give you ids: ' +
    'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 YOU',
};

/** Looks at what a run says about its user namespace (docs/formats/helper-protocol.md, `userns`). */
export class OneIdNotice {
  readonly #warn: (diagnostic: Diagnostic) => void;
  #told = false;

  constructor(warn: (diagnostic: Diagnostic) => void) {
    this.#warn = warn;
  }

  look(result: ReadonlyMap<string, string>): void {
    if (this.#told || result.get('userns') !== 'single') return;
    this.#told = true;
    this.#warn(oneIdWarning);
  }
}
