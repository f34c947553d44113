// A template that can be carried out: on each row of a list, or on one object.

import {suggest} from '../../util/suggest.ts';
import {type FormatFunction, functions, headingFunctions, Misuse} from './functions.ts';
import {type Command, type Node, type Operand, type Pipe, parseTemplate} from './parser.ts';
import {type Place, TemplateText} from './problem.ts';
import {type FormatValue, isList, isMap, isObject, isTrue, textOf} from './value.ts';

export interface Template {
  /** Throws BuildError('usage') with the place of a field or an argument that does not fit. */
  render(value: FormatValue): string;
  /** The same of the headings of a table, which functions that change how a value looks leave alone. */
  renderHeadings(headings: FormatValue): string;
}

/** Throws BuildError('usage') with the place of what is not understood. */
export function templateOf(text: string): Template {
  const template = new TemplateText(text);
  const nodes = parseTemplate(template);
  const render = (value: FormatValue, known: Functions): string =>
    new Rendering(template, value, known).nodes(nodes, value, new Map());
  return {
    render: (value) => render(value, functions),
    renderHeadings: (headings) => render(headings, headingFunctions),
  };
}

type Functions = Readonly<Record<string, FormatFunction>>;

/** Blocks see the variables around them, and can change them. */
type Variables = ReadonlyMap<string, {value: FormatValue}>;

class Rendering {
  readonly #template: TemplateText;
  readonly #root: FormatValue;
  readonly #functions: Functions;

  constructor(template: TemplateText, root: FormatValue, known: Functions) {
    this.#template = template;
    this.#root = root;
    this.#functions = known;
  }

  nodes(nodes: readonly Node[], dot: FormatValue, outer: Variables): string {
    const variables = new Map(outer);
    let text = '';
    for (const node of nodes) {
      if (node.kind === 'literal') {
        text += node.text;
      } else if (node.kind === 'output') {
        const value = this.#pipe(node.pipe, dot, variables);
        const [name] = node.pipe.variables;
        if (name === undefined) text += textOf(value);
        else if (node.pipe.assigns) this.#variable(name, variables, placeOf(node.pipe)).value = value;
        else variables.set(name, {value});
      } else {
        text += this.#block(node, dot, variables);
      }
    }
    return text;
  }

  #block(node: Exclude<Node, {kind: 'literal' | 'output'}>, dot: FormatValue, variables: Variables): string {
    const value = this.#pipe(node.pipe, dot, variables);
    const names = node.pipe.variables;
    if (node.kind !== 'range') {
      const [name] = names;
      const inner = name === undefined ? variables : new Map([...variables, [name, {value}]]);
      if (!isTrue(value)) return this.nodes(node.otherwise, dot, inner);
      return this.nodes(node.body, node.kind === 'with' ? value : dot, inner);
    }
    const entries = this.#entriesOf(value, node.pipe);
    if (entries.length === 0) return this.nodes(node.otherwise, dot, variables);
    return entries
      .map(([key, member]) => {
        const given = names.length === 1 ? [member] : [key, member];
        const own = names.map((name, index) => [name, {value: given[index]}] as const);
        return this.nodes(node.body, member, new Map([...variables, ...own]));
      })
      .join('');
  }

  #entriesOf(value: FormatValue, pipe: Pipe): readonly (readonly [FormatValue, FormatValue])[] {
    if (isList(value)) return value.map((member, index) => [index, member]);
    if (isMap(value)) return [...value];
    if (value === null || value === undefined) return [];
    throw this.#template.problem('range needs a list or a map', placeOf(pipe));
  }

  #pipe(pipe: Pipe, dot: FormatValue, variables: Variables): FormatValue {
    let value: FormatValue;
    pipe.commands.forEach((command, index) => {
      value = this.#command(command, dot, variables, index === 0 ? [] : [value]);
    });
    return value;
  }

  #command(
    command: Command,
    dot: FormatValue,
    variables: Variables,
    piped: readonly FormatValue[],
  ): FormatValue {
    const args = command.operands.map((operand) => this.#operand(operand, dot, variables));
    if (command.name === undefined) {
      if (piped.length > 0) throw this.#template.problem('only a function can stand behind "|"', command);
      return args[0];
    }
    const result = this.#functions[command.name]?.([...args, ...piped]);
    if (result instanceof Misuse) {
      throw this.#template.problem(`${command.name} does not work here: ${result.problem}`, command);
    }
    return result;
  }

  #operand(operand: Operand, dot: FormatValue, variables: Variables): FormatValue {
    let value = this.#base(operand, dot, variables);
    for (const field of operand.fields) value = this.#field(value, field);
    return value;
  }

  #base({base, start, end}: Operand, dot: FormatValue, variables: Variables): FormatValue {
    switch (base.kind) {
      case 'dot':
        return dot;
      case 'constant':
        return base.value;
      case 'pipe':
        return this.#pipe(base.pipe, dot, variables);
      case 'variable':
        if (base.name === '$') return this.#root;
        return this.#variable(base.name, variables, {start, end}).value;
    }
  }

  #variable(name: string, variables: Variables, place: Place): {value: FormatValue} {
    const variable = variables.get(name);
    if (variable !== undefined) return variable;
    throw this.#template.problem(`there is no variable ${name} here`, place);
  }

  #field(value: FormatValue, field: Place & {readonly name: string}): FormatValue {
    const {name} = field;
    if (isMap(value)) return value.get(name);
    if (!isObject(value)) {
      const what = isList(value) ? 'a list' : value === null || value === undefined ? 'nil' : textOf(value);
      throw this.#template.problem(`there is no field ${name} in ${what}`, field);
    }
    if (Object.hasOwn(value, name)) return value[name];
    const names = Object.keys(value);
    const near = suggest(name, names);
    const hint =
      near === undefined ? `there are ${names.map((one) => `.${one}`).join(', ')}` : `did you mean .${near}?`;
    throw this.#template.problem(`there is no field .${name}`, field, hint);
  }
}

function placeOf({commands}: Pipe): Place {
  return {start: commands[0]?.start ?? 0, end: commands.at(-1)?.end ?? 0};
}
