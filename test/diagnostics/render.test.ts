import {describe, expect, it} from 'vitest';
import type {Diagnostic} from '../../src/diagnostics/diagnostic.ts';
import {renderDiagnostics} from '../../src/diagnostics/render.ts';
import {sourceFile} from '../../src/diagnostics/source-file.ts';

const file = sourceFile('Dockerfile', Array.from({length: 12}, (_, index) => `line ${index + 1}`).join('\n'));
const plain = {color: false, columns: 0};

function render(diagnostic: Partial<Diagnostic>, options = plain): string {
  return renderDiagnostics(
    [{severity: 'error', code: 'some-code', message: 'it is wrong', ...diagnostic}],
    options,
  );
}

describe('renderDiagnostics', () => {
  it('gives nothing for nothing', () => {
    expect(renderDiagnostics([], plain)).toBe('');
  });

  it('gives a message alone where there is no place', () => {
    expect(render({hints: ['mend it']})).toBe('error[some-code]: it is wrong\n  hint: mend it\n');
    expect(render({severity: 'warning', file})).toBe('warning[some-code]: it is wrong\n --> Dockerfile\n');
  });

  it('shows the place with its surroundings, notes and hints below', () => {
    const span = {line: 10, column: 5, endLine: 10, endColumn: 7};
    expect(render({file, span, notes: ['last words'], hints: ['a', 'b']})).toBe(
      [
        'error[some-code]: it is wrong',
        ' --> Dockerfile:10:6',
        '   8 │ line 8',
        '   9 │ line 9',
        '> 10 │ line 10',
        '     │      ^^',
        '  11 │ line 11',
        '  12 │ line 12',
        '  last words',
        '  hint: a',
        '  hint: b',
        '',
      ].join('\n'),
    );
  });

  it('marks the lines of a place that has several, up to five', () => {
    const text = render({file, span: {line: 1, column: 0, endLine: 9, endColumn: 3}});
    expect(text.split('\n').filter((line) => line.startsWith('>'))).toHaveLength(5);
    expect(text).toContain('  │ …\n');
    expect(text).not.toContain('^');
  });

  it('separates diagnostics by an empty line', () => {
    const one: Diagnostic = {severity: 'error', code: 'a', message: 'b'};
    expect(renderDiagnostics([one, one], plain)).toBe('error[a]: b\n\nerror[a]: b\n');
  });

  it('puts one caret where a place has no width', () => {
    expect(render({file, span: {line: 1, column: 6, endLine: 1, endColumn: 6}})).toContain(
      '\n    │       ^\n',
    );
  });

  it('colours when asked to, and says the same', () => {
    const span = {line: 1, column: 0, endLine: 1, endColumn: 4};
    const colored = render({file, span, hints: ['x']}, {color: true, columns: 80});
    expect(colored).toContain('\u001b[1;31merror[some-code]\u001b[0m');
    expect(colored.replace(/\u001b\[[\d;]*m/g, '')).toBe(render({file, span, hints: ['x']}));
  });

  it('cuts long lines around the place', () => {
    const long = sourceFile('Dockerfile', `${'a'.repeat(300)}HERE${'b'.repeat(300)}`);
    const span = {line: 1, column: 300, endLine: 1, endColumn: 304};
    const lines = render({file: long, span}, {color: false, columns: 60}).split('\n');
    const at = lines[2]?.indexOf('HERE') ?? -1;
    expect(lines[3]?.indexOf('^^^^')).toBe(at);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});
