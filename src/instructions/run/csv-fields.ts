// One record of CSV as in RFC 4180: fields may be quoted, a quote inside a quoted field is doubled. Strict, as Go's
// encoding/csv is by default.

/** The fields of `record`, or what is wrong with it. */
export function csvFields(record: string): readonly string[] | {readonly error: string} {
  if (record === '') return {error: 'EOF'};
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const field = record[at] === '"' ? quotedField(record, at) : bareField(record, at);
    if ('error' in field) return field;
    fields.push(field.text);
    if (field.end >= record.length) return fields;
    at = field.end + 1;
  }
}

type Field = {readonly text: string; readonly end: number} | {readonly error: string};

function bareField(record: string, start: number): Field {
  const comma = record.indexOf(',', start);
  const end = comma < 0 ? record.length : comma;
  const text = record.slice(start, end);
  const quote = text.indexOf('"');
  return quote < 0 ? {text, end} : failure(start + quote, 'bare " in non-quoted field');
}

function quotedField(record: string, start: number): Field {
  let text = '';
  for (let at = start + 1; ; ) {
    const quote = record.indexOf('"', at);
    if (quote < 0) return failure(record.length, 'extraneous or missing " in quoted-field');
    text += record.slice(at, quote);
    if (record[quote + 1] !== '"') {
      const closed = quote + 1 === record.length || record[quote + 1] === ',';
      return closed ? {text, end: quote + 1} : failure(quote, 'extraneous or missing " in quoted-field');
    }
    text += '"';
    at = quote + 2;
  }
}

function failure(offset: number, what: string): {readonly error: string} {
  return {error: `parse error on line 1, column ${offset + 1}: ${what}`};
}
