// From pieces to a tree: literals, outputs, if, range and with. What Go's templates have beyond that (define, template,
// block, break) is refused by name.

import {suggest} from '../../util/suggest.ts';
import {functions} from './functions.ts';
import {type Piece, piecesOf, type Token} from './lexer.ts';
import type {Place, TemplateText} from './problem.ts';
import type {FormatValue} from './value.ts';

export type Node =
  | {readonly kind: 'literal'; readonly text: string}
  | {readonly kind: 'output'; readonly pipe: Pipe}
  | ({readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe} & {
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    });

/** `$a, $b := first | second`: each command gets what the one before gave as its last argument. */
export interface Pipe {
  readonly variables: readonly string[];
  /** `$a = …`: the variable is there already. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** A value, or a function with its arguments. */
export interface Command extends Place {
  readonly name: string | undefined;
  readonly operands: readonly Operand[];
}

export interface Operand extends Place {
  readonly base:
    | {readonly kind: 'dot'}
    | {readonly kind: 'variable'; readonly name: string}
    | {readonly kind: 'constant'; readonly value: FormatValue}
    | {readonly kind: 'pipe'; readonly pipe: Pipe};
  readonly fields: readonly (Place & {readonly name: string})[];
}

const refused: ReadonlySet<string> = new Set(['define', 'template', 'block', 'break', 'continue']);
const constants: ReadonlyMap<string, FormatValue> = new Map<string, FormatValue>([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

export function parseTemplate(template: TemplateText): readonly Node[] {
  const pieces = piecesOf(template);
  const reader = new BlockReader(template, pieces);
  return reader.whole();
}

type Action = Extract<Piece, {kind: 'action'}>;

class BlockReader {
  readonly #template: TemplateText;
  readonly #pieces: readonly Piece[];
  #at = 0;

  constructor(template: TemplateText, pieces: readonly Piece[]) {
    this.#template = template;
    this.#pieces = pieces;
  }

  whole(): readonly Node[] {
    const {nodes, ender} = this.#nodes();
    if (ender !== undefined) throw this.#template.problem(`nothing is open here to ${wordOf(ender)}`, ender);
    return nodes;
  }

  /** Up to `end` or `else`, which is given back. */
  #nodes(): {nodes: Node[]; ender: Action | undefined} {
    const nodes: Node[] = [];
    for (;;) {
      const piece = this.#pieces[this.#at++];
      if (piece === undefined) return {nodes, ender: undefined};
      if (piece.kind === 'literal') {
        nodes.push({kind: 'literal', text: piece.text});
        continue;
      }
      const word = wordOf(piece);
      if (word === 'end' || word === 'else') return {nodes, ender: piece};
      if (refused.has(word)) {
        throw this.#template.problem(`{{${word}}} of Go's templates is not supported`, piece);
      }
      if (word === 'if' || word === 'with' || word === 'range')
        nodes.push(this.#block(word, piece, 1, piece));
      else nodes.push({kind: 'output', pipe: new PipeReader(this.#template, piece, 0).whole()});
    }
  }

  /** `from`: how many words of the action come before its pipeline. */
  #block(kind: 'if' | 'with' | 'range', head: Action, from: number, opened: Action): Node {
    const pipe = new PipeReader(this.#template, head, from).whole(kind === 'range' ? 2 : 1);
    if (pipe.assigns) throw this.#template.problem(`{{${kind}}} has variables of its own: write :=`, head);
    const {nodes: body, ender} = this.#nodes();
    if (ender === undefined) throw this.#template.problem(`this {{${kind}}} has no {{end}}`, opened);
    if (wordOf(ender) === 'end') return {kind, pipe, body, otherwise: []};
    const next = ender.tokens[1];
    if (next?.kind === 'word' && next.text === 'if') {
      return {kind, pipe, body, otherwise: [this.#block('if', ender, 2, opened)]};
    }
    const last = this.#nodes();
    if (last.ender === undefined || wordOf(last.ender) !== 'end') {
      throw this.#template.problem(`this {{${kind}}} has no {{end}}`, opened);
    }
    return {kind, pipe, body, otherwise: last.nodes};
  }
}

function wordOf({tokens: [first]}: Action): string {
  return first?.kind === 'word' ? first.text : '';
}

class PipeReader {
  readonly #template: TemplateText;
  readonly #action: Action;
  #at: number;

  constructor(template: TemplateText, action: Action, from: number) {
    this.#template = template;
    this.#action = action;
    this.#at = from;
  }

  whole(variablesMax = 1): Pipe {
    const pipe = this.#pipe(variablesMax);
    const left = this.#peek();
    if (left !== undefined) throw this.#template.problem('this is not expected here', left);
    return pipe;
  }

  #peek(): Token | undefined {
    return this.#action.tokens[this.#at];
  }

  #isMark(text: string, token = this.#peek()): boolean {
    return token?.kind === 'mark' && token.text === text;
  }

  #pipe(variablesMax: number): Pipe {
    const variables = this.#variables(variablesMax);
    const assigns = variables.length > 0 && this.#isMark('=', this.#action.tokens[this.#at - 1]);
    const commands = [this.#command()];
    while (this.#isMark('|')) {
      this.#at++;
      commands.push(this.#command());
    }
    return {variables, assigns, commands};
  }

  /** `$a :=`, `$a, $b :=` or the same with `=`, if that is what stands here. */
  #variables(most: number): readonly string[] {
    const {tokens} = this.#action;
    const names: string[] = [];
    for (let at = this.#at; at < tokens.length; at += 2) {
      const [name, mark] = [tokens[at], tokens[at + 1]];
      if (name?.kind !== 'variable') return [];
      names.push(name.text);
      if (this.#isMark(':=', mark) || this.#isMark('=', mark)) {
        if (names.length > most) throw this.#template.problem('there is one variable too many', name);
        this.#at = at + 2;
        return names;
      }
      if (!this.#isMark(',', mark)) return [];
    }
    return [];
  }

  #command(): Command {
    const first = this.#peek();
    const {start, end} = first ?? {start: this.#action.end - 2, end: this.#action.end};
    const name = first?.kind === 'word' && !constants.has(first.text) ? first.text : undefined;
    if (name !== undefined) {
      if (functions[name] === undefined) throw this.#unknownFunction(name, {start, end});
      this.#at++;
    }
    const operands: Operand[] = [];
    for (let operand = this.#operand(); operand !== undefined; operand = this.#operand())
      operands.push(operand);
    if (name === undefined && operands.length === 0) {
      throw this.#template.problem('a value or a function is missing here', {start, end});
    }
    const second = operands[1];
    if (name === undefined && second !== undefined) {
      throw this.#template.problem('only a function takes arguments', second);
    }
    return {name, operands, start, end: operands.at(-1)?.end ?? end};
  }

  #unknownFunction(name: string, place: Place): Error {
    const near = suggest(name, Object.keys(functions));
    const hint =
      near === undefined ? `there are ${Object.keys(functions).join(', ')}` : `did you mean ${near}?`;
    return this.#template.problem(`there is no function ${name} for templates`, place, hint);
  }

  #operand(): Operand | undefined {
    const token = this.#peek();
    if (token === undefined) return undefined;
    const base = this.#base(token);
    if (base === undefined) return undefined;
    const fields: (Place & {name: string})[] = [];
    // Fields hang on without a blank between: `$x.Name`, but `index .A .B` has two arguments.
    let {end} = this.#action.tokens[this.#at - 1] ?? token;
    if (token.kind === 'field') end = token.start;
    for (let next = this.#peek(); next?.kind === 'field' && next.start === end; next = this.#peek()) {
      fields.push({name: next.text.slice(1), start: next.start, end: next.end});
      this.#at++;
      end = next.end;
    }
    return {base, fields, start: token.start, end};
  }

  #base(token: Token): Operand['base'] | undefined {
    switch (token.kind) {
      case 'field':
        return {kind: 'dot'};
      case 'variable':
        this.#at++;
        return {kind: 'variable', name: token.text};
      case 'text':
      case 'number':
        this.#at++;
        return {kind: 'constant', value: token.value};
      case 'word':
        if (constants.has(token.text)) {
          this.#at++;
          return {kind: 'constant', value: constants.get(token.text)};
        }
        // A function without arguments, as an argument.
        if (functions[token.text] === undefined) throw this.#unknownFunction(token.text, token);
        throw this.#template.problem(
          `a function among arguments needs parentheses: (${token.text} …)`,
          token,
        );
      default:
        return this.#marked(token);
    }
  }

  #marked(token: Token): Operand['base'] | undefined {
    if (this.#isMark('.')) {
      this.#at++;
      return {kind: 'dot'};
    }
    if (!this.#isMark('(')) return undefined;
    this.#at++;
    const pipe = this.#pipe(0);
    if (!this.#isMark(')')) throw this.#template.problem('this "(" has no ")"', token);
    this.#at++;
    return {kind: 'pipe', pipe};
  }
}
