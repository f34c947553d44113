// -e and --env-file as docker reads them: `K=V` sets, `K` takes the value of the caller's environment, and takes the
// variable away when there is none.

import type {CliIo} from '../../io.ts';
import type {Problem} from '../../values/problem.ts';

export function parseVariable(text: string, env: CliIo['env']): string | Problem {
  const equals = text.indexOf('=');
  if (equals === 0 || text === '') return {problem: `-e expects K or K=V, got "${text}"`};
  if (equals > 0) return text;
  const value = env[text];
  return value === undefined ? text : `${text}=${value}`;
}

/** Lines of a file: nothing is unquoted, `#` begins a comment at the beginning only. */
export function parseEnvFile(content: string, env: CliIo['env']): readonly string[] | Problem {
  const entries: string[] = [];
  for (const [index, raw] of content
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const name = line.split('=', 1)[0] ?? '';
    if (name === '' || /\s/.test(name.trimEnd()) || (line.includes('=') && /\s$/.test(name))) {
      return {problem: `line ${index + 1}: "${name}" is no name of a variable`};
    }
    if (line.includes('=')) entries.push(line);
    // Unlike -e: a name that has no value here is no entry at all.
    else if (env[name.trimEnd()] !== undefined) entries.push(`${name.trimEnd()}=${env[name.trimEnd()]}`);
  }
  return entries;
}
