// The examples in docs/rules: the bad one is minded, with the text of the page, and the good one is not.

import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {rules} from '../../src/lint/rules/index.ts';
import {type LintOptions, linted} from './linted.ts';

function sectionOf(page: string, heading: string): string {
  return new RegExp(`^## ${heading}\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``, 'm').exec(page)?.[1] ?? '';
}

async function detailsOf(
  rule: string,
  example: string,
  options: LintOptions = {},
): Promise<readonly string[]> {
  const ignore = /^# \.dockerignore has: (.*)$/m.exec(example)?.[1] ?? '';
  const [, given, value = ''] = /^# the command line has: --build-arg (\w+)=(.*)$/m.exec(example) ?? [];
  const buildArgs = given === undefined ? {} : {[given]: value};
  const stage = /^from /im.test(example) ? '' : 'FROM scratch\n';
  const text = `# check=experimental=${rule}\n\n${stage}${example}`;
  const {warnings} = await linted(text, {ignore, buildArgs, ...options});
  return warnings
    .map((warning) => /^\d+ (\S+): (.*)$/s.exec(warning) ?? [])
    .flatMap(([, name, detail = '']) => (name === rule ? [detail] : []));
}

describe('the page of a lint rule', () => {
  it.each(rules.map(({name}) => name))('%s tells what happens', async (name) => {
    const path = join(import.meta.dirname, '../../docs/rules', `${name.replace('tsbuild/', '')}.md`);
    const page = readFileSync(path, 'utf8');
    // The one rule that is about what a registry has.
    const arm = {imagePlatform: {os: 'linux', architecture: 'arm64'}};
    const isPlatform = name === 'InvalidBaseImagePlatform';
    const found = await detailsOf(name, sectionOf(page, 'Bad'), isPlatform ? arm : {});
    const output = sectionOf(page, 'Output').replace(/\s+/g, ' ').trim();
    const shown = found.map((detail) =>
      detail.replace(/sha256:[0-9a-f]{64}/, 'sha256:…').replace(/line \d+/, 'line 4'),
    );
    expect(shown).toContain(output);
    expect(await detailsOf(name, sectionOf(page, 'Good'))).toEqual([]);
  });
});
