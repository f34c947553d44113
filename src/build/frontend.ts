// Dockerfile text → typed instructions, remembered by the digest of the text: a build whose Dockerfile was seen before
// loads neither the grammar nor its library.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Diagnostic} from '../diagnostics/diagnostic.ts';
import type {SourceFile} from '../diagnostics/source-file.ts';
import type {Dockerfile} from '../dockerfile/ast.ts';
import {digestOf} from '../oci/digest.ts';
import type {Notes} from '../store/notes.ts';

/** Raised whenever the shape of the AST or what the parser accepts changes. */
const astVersion = 1;

interface Remembered {
  readonly dockerfile: Omit<Dockerfile, 'file'>;
  readonly warnings: readonly Omit<Diagnostic, 'file'>[];
}

export interface ParsedDockerfile {
  readonly dockerfile: Dockerfile;
  readonly warnings: readonly Diagnostic[];
}

/** Throws BuildError('user') with every mistake of the file. */
export async function parseRemembered(file: SourceFile, notes: Notes): Promise<ParsedDockerfile> {
  const key = `${astVersion} ${digestOf(file.text)}`;
  const known = notes.getText('parse', key);
  if (known !== undefined) {
    const {dockerfile, warnings} = JSON.parse(known) as Remembered;
    return {dockerfile: {...dockerfile, file}, warnings: warnings.map((warning) => ({...warning, file}))};
  }
  const {parseWithReaders} = await import('../instructions/readers.ts');
  const {dockerfile, diagnostics} = parseWithReaders(file);
  const [first, ...rest] = diagnostics.filter(({severity}) => severity === 'error');
  if (first !== undefined) throw new BuildError('user', [first, ...rest]);
  if (dockerfile === undefined) throw new BuildError('user', [nothingParsed(file)]);
  const {file: _, ...plain} = dockerfile;
  const warnings = diagnostics.map(({file: __, ...warning}) => warning);
  notes.set('parse', key, JSON.stringify({dockerfile: plain, warnings} satisfies Remembered));
  return {dockerfile, warnings: diagnostics};
}

function nothingParsed(file: SourceFile): Diagnostic {
  return {severity: 'error', code: 'dockerfile-empty', message: 'file with no instructions', file};
}
