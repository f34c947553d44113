// `# check=skip=A,B;error=true;experimental=all`: which rules are heard, and whether their warnings fail the build.
// At the top of a file it is for the whole file, above one instruction for that one; a build argument replaces the
// former.

import {goBool} from '../util/go-bool.ts';

/** Takes the place of the directive at the top of the file. */
export const checkArgument = 'BUILDKIT_DOCKERFILE_CHECK';

export interface CheckOptions {
  /** Names of rules, or `all`. */
  readonly skip: ReadonlySet<string>;
  readonly experimental: ReadonlySet<string>;
  /** Warnings fail the build. */
  readonly error: boolean;
}

export const noOptions: CheckOptions = {skip: new Set(), experimental: new Set(), error: false};

const optionsMax = 3;

/** Reads the value of a directive, which ends at the first blank, or of the build argument. */
export function parseCheckOptions(text: string): CheckOptions | {readonly problem: string} {
  const options = {...noOptions};
  const trimmed = text.trim();
  if (trimmed === '') return noOptions;
  for (const part of splitOptions(trimmed)) {
    const equals = part.indexOf('=');
    const key = part.slice(0, Math.max(0, equals)).trim();
    const value = part.slice(equals + 1).trim();
    if (equals < 0) return {problem: `invalid check option ${JSON.stringify(part)}`};
    if (key === 'skip' || key === 'experimental') options[key] = namesIn(value);
    else if (key !== 'error') return {problem: `invalid check option ${JSON.stringify(key)}`};
    else {
      const error = goBool(value);
      if (error === undefined) {
        const parsing = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
        return {problem: `failed to parse check option ${JSON.stringify(part)}: ${parsing}`};
      }
      options.error = error;
    }
  }
  return options;
}

/** What the comments above an instruction say; one that cannot be read says nothing. */
export function optionsInComments(comments: readonly string[]): CheckOptions {
  for (const comment of comments) {
    const value = /^check[\t ]*=[\t ]*(\S+)/i.exec(comment)?.[1];
    if (value === undefined) continue;
    const options = parseCheckOptions(value);
    return 'problem' in options ? noOptions : options;
  }
  return noOptions;
}

export function isCheckComment(comment: string): boolean {
  return /^check[\t ]*=/i.test(comment);
}

function splitOptions(text: string): readonly string[] {
  const parts = text.split(';');
  return parts.length <= optionsMax
    ? parts
    : [...parts.slice(0, optionsMax - 1), parts.slice(optionsMax - 1).join(';')];
}

function namesIn(value: string): ReadonlySet<string> {
  return new Set(value.split(',').map((name) => name.trim()));
}
