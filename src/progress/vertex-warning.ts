// A warning as BuildKit's API has it (client.VertexWarning), for programs that read those.

import type {Diagnostic} from '../diagnostics/diagnostic.ts';

export function vertexWarning({code, message, hints, url, file, span}: Diagnostic): object {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const line = span === undefined ? '' : ` (line ${span.line})`;
  const range =
    span === undefined
      ? {}
      : {
          range: [
            {
              start: {line: span.line, character: span.column},
              end: {line: span.endLine, character: span.endColumn},
            },
          ],
        };
  return {
    level: 1,
    short: base64(`${code}: ${message}${line}`),
    ...(hints === undefined ? {} : {detail: hints.map(base64)}),
    ...(url === undefined ? {} : {url}),
    ...(file === undefined ? {} : {sourceInfo: {filename: file.path, data: base64(file.text)}}),
    ...range,
  };
}
