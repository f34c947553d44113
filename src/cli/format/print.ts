// --format of every command that lists things or shows one: `table` (also with columns of one's own), `json`, or a
// template. Tables look like docker's: columns at least ten wide, three blanks between.

import {type Template, templateOf} from './template.ts';
import {type FormatObject, type FormatValue, jsonOf} from './value.ts';

export interface RowFormat {
  /** Columns of the table that is shown unless asked otherwise: `{{.ID}}\t{{.Tag}}`. */
  readonly table: string;
  /** What `raw` means, of rows that docker has it of. */
  readonly raw?: string;
  /** Heading of each field that a row has. */
  readonly headings: Readonly<Record<string, string>>;
}

/** Reads `format` before there is anything to print, so that a mistake in it is told at once. */
export function rowPrinter(
  format: string | undefined,
  {table, raw, headings}: RowFormat,
): (rows: readonly FormatObject[]) => string {
  const text = unescaped((format || 'table').replace(/^ +| +$/g, ''));
  if (text === 'json' || text === '{{json .}}') return jsonLines;
  const isTable = text === 'table' || /^table\s/.test(text);
  if (!isTable) {
    const template = templateOf(text === 'raw' ? (raw ?? text) : text);
    return (rows) => rows.map((row) => `${template.render(row)}\n`).join('');
  }
  const columns = text.slice('table'.length).trim();
  const template = templateOf(columns === '' ? table : columns);
  return (rows) => tableOf(template, headings, rows);
}

function jsonLines(rows: readonly FormatObject[]): string {
  return rows.map((row) => `${JSON.stringify(jsonOf(row))}\n`).join('');
}

/** Of what is inspected: an indented list, `json` on one line, or a line of the template for each. */
export function objectPrinter(format: string | undefined): (objects: readonly FormatValue[]) => string {
  if (format === undefined || format === '') {
    return (objects) => `${JSON.stringify(objects.map(jsonOf), null, 4)}\n`;
  }
  if (format.trim() === 'json') return (objects) => `${JSON.stringify(objects.map(jsonOf))}\n`;
  const print = templatePrinter(format);
  return (objects) => objects.map(print).join('');
}

/** Of one thing: `json` on one line, or a line of the template. */
export function templatePrinter(format: string): (object: FormatValue) => string {
  const template = templateOf(format.trim() === 'json' ? '{{json .}}' : unescaped(format));
  return (object) => `${template.render(object)}\n`;
}

/** A shell hands `\t` and `\n` on as they are written; outside of {{}} they mean what they mean. */
function unescaped(format: string): string {
  return format
    .split(/(\{\{[\s\S]*?\}\})/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('\\t', '\t').replaceAll('\\n', '\n')))
    .join('');
}

const columnMin = 10;
const gap = 3;

function tableOf(
  template: Template,
  headings: Readonly<Record<string, string>>,
  rows: readonly FormatObject[],
): string {
  const lines = [template.renderHeadings(headings), ...rows.map((row) => template.render(row))].map((line) =>
    line.split('\t'),
  );
  const widths: number[] = [];
  for (const cells of lines) {
    // The last cell of a line has nothing to its right.
    cells.slice(0, -1).forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? columnMin, [...cell].length + gap);
    });
  }
  return lines
    .map((cells) =>
      cells.map((cell, column) => padded(cell, column < cells.length - 1 ? widths[column] : 0)).join(''),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function padded(cell: string, width = 0): string {
  return cell + ' '.repeat(Math.max(0, width - [...cell].length));
}
