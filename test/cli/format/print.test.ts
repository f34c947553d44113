import {describe, expect, test} from 'vitest';
import {objectPrinter, rowPrinter} from '../../../src/cli/format/print.ts';
import {mapOf} from '../../../src/cli/format/value.ts';

const form = {
  table: '{{.Name}}\t{{.Size}}',
  headings: {Name: 'NAME', Size: 'SIZE', Labels: 'LABELS'},
};
const rows = [
  {Name: 'web', Size: '12MB', Labels: mapOf({b: '2', a: '1'})},
  {Name: 'a-rather-long-name', Size: '3kB', Labels: mapOf({})},
];

describe('rows', () => {
  test('a table is what is shown unless asked otherwise', () => {
    const table = 'NAME                 SIZE\nweb                  12MB\na-rather-long-name   3kB\n';
    expect(rowPrinter(undefined, form)(rows)).toBe(table);
    expect(rowPrinter('table', form)(rows)).toBe(table);
  });

  test('a table has its heading also without rows', () => {
    expect(rowPrinter(undefined, form)([])).toBe('NAME      SIZE\n');
  });

  test('a table may have columns of its own, with \\t as a shell hands it on', () => {
    expect(rowPrinter('table {{.Size}}\\t{{upper .Name}}', form)(rows.slice(0, 1))).toBe(
      'SIZE      NAME\n12MB      WEB\n',
    );
  });

  test('functions for the look of values leave headings alone', () => {
    const columns = 'table {{.Name | lower}}\\t{{truncate .Name 2}}\\t{{json .Size}}';
    expect(rowPrinter(columns, form)(rows.slice(0, 1))).toBe(
      'NAME      NAME      SIZE\nweb       we        "12MB"\n',
    );
  });

  test('an empty format is the table, and blanks around one do not count', () => {
    expect(rowPrinter('', form)(rows)).toBe(rowPrinter(undefined, form)(rows));
    expect(rowPrinter('  json ', form)(rows)).toBe(rowPrinter('json', form)(rows));
    expect(rowPrinter('\\t{{.Name}}\\n', form)(rows.slice(0, 1))).toBe('\tweb\n\n');
  });

  test('json is an object a line', () => {
    expect(rowPrinter('json', form)(rows.slice(0, 1))).toBe(
      '{"Name":"web","Size":"12MB","Labels":{"a":"1","b":"2"}}\n',
    );
  });

  test('a template is a line for each row', () => {
    expect(rowPrinter('{{.Name}}\\t{{"\\\\t"}}', form)(rows.slice(0, 1))).toBe('web\t\\t\n');
  });

  test('a mistake is told before there are rows', () => {
    expect(() => rowPrinter('{{.Name', form)).toThrow('has no "}}"');
  });
});

describe('objects', () => {
  const object = {Id: 'x', Gone: undefined, Env: null};

  test('are an indented list unless asked otherwise', () => {
    expect(objectPrinter(undefined)([object])).toBe(
      '[\n    {\n        "Id": "x",\n        "Env": null\n    }\n]\n',
    );
  });

  test('json is the list on one line', () => {
    expect(objectPrinter('json')([object])).toBe('[{"Id":"x","Env":null}]\n');
  });

  test('a template is a line for each', () => {
    expect(objectPrinter('{{.Id}}')([object, object])).toBe('x\nx\n');
  });
});
