import {describe, expect, it} from 'vitest';
import type {Diagnostic} from '../../../src/diagnostics/diagnostic.ts';
import {OneIdNotice, oneIdWarning} from '../../../src/ops/exec/one-id-warning.ts';

function warningsAfter(...modes: readonly string[]): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  const notice = new OneIdNotice((diagnostic) => warnings.push(diagnostic));
  for (const mode of modes) notice.look(new Map([['userns', mode]]));
  return warnings;
}

describe('the warning of a single id', () => {
  it('comes once, however many steps run', () => {
    expect(warningsAfter('single', 'single', 'single')).toEqual([oneIdWarning]);
  });

  it('does not come where there are more ids', () => {
    expect(warningsAfter('root', 'outer', 'ranges')).toEqual([]);
  });
});
