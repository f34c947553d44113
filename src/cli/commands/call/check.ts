// `--check`: the warnings of a file, with the mistake that keeps it from being built if there is one.

import type {CheckResult} from '../../../build/check/check.ts';
import {type RenderOptions, renderDiagnostics} from '../../../diagnostics/render.ts';
import {locationOf} from './location.ts';

export function checkText({warnings, error}: CheckResult, options: RenderOptions): string {
  const count = warnings.length;
  const verdict =
    count === 0 ? 'no warnings found.' : `${count} warning${count === 1 ? ' has' : 's have'} been found!`;
  const head =
    error === undefined ? `Check complete, ${verdict}\n` : `Check stopped by an error, ${verdict}\n`;
  if (count === 0) return head;
  const diagnostics = warnings.map(({rule, diagnostic}) => ({...diagnostic, notes: [rule.description]}));
  return `${head}\n${renderDiagnostics(diagnostics, options)}`;
}

/** In the shape of BuildKit's lint subrequest. */
export function checkJson({file, warnings, error}: CheckResult): object {
  const [first] = error?.diagnostics ?? [];
  return {
    warnings: warnings.map(({rule, diagnostic}) => ({
      ruleName: rule.name,
      description: rule.description,
      ...(rule.url === undefined ? {} : {url: rule.url}),
      detail: diagnostic.message,
      ...(diagnostic.span === undefined ? {} : {location: locationOf(diagnostic.span)}),
    })),
    sources: [{fileName: file.path, language: 'Dockerfile', data: Buffer.from(file.text).toString('base64')}],
    ...(first === undefined
      ? {}
      : {
          buildError: {
            message: first.message,
            ...(first.span === undefined ? {} : {location: locationOf(first.span)}),
          },
        }),
  };
}
