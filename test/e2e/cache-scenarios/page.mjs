// docs/cache-scenarios.md, made of the table. `node test/e2e/cache-scenarios/page.mjs` writes it.

import {readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {scenarios} from './scenarios.mjs';

const here = dirname(fileURLToPath(import.meta.url));

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ⏎ ');
}

function verdictsText(after, verdicts) {
  return Object.keys(after)
    .map((step) => `\`${cell(step)}\` ${verdicts[step]}`)
    .join(', ');
}

/** Steps that we find and BuildKit runs. */
function moreThan(after, verdicts) {
  return Object.entries(after).filter(([step, verdict]) => verdict === 'hit' && verdicts[step] === 'run')
    .length;
}

export function scenarioPage(rows, asked) {
  const verdictsOf = (row) => row.documented ?? asked.verdicts[row.name] ?? {};
  const more = rows.filter((row) => moreThan(row.after, verdictsOf(row)) > 0);
  const lines = [
    '# What is found in the cache',
    '',
    '<!-- Made by test/e2e/cache-scenarios/page.mjs from the rows beside it: edit those. -->',
    '',
    `${rows.length} edits, each between two builds, and what becomes of the steps of the second: \`hit\`, or \`run\`. The rows are tests:`,
    `\`test/e2e/cache-scenarios\` builds every one of them. BuildKit is that of docker ${asked.version},`,
    'asked by `test/e2e/cache-scenarios/ask-docker.mjs`; where that docker is too old to build the row (†), the verdict is',
    'what its sources and documentation say. Every step that BuildKit rightly finds is found here, too.',
    '',
    `In ${more.length} rows (**bold**) more is found: keys say what is read and not where it lies`,
    '([ADR 2](adr/0002-keys-from-results.md)), and a step that runs again and gives',
    'what it gave before changes nothing above it ([ADR 16](adr/0016-early-cutoff.md)).',
  ];
  let group;
  for (const row of rows) {
    if (row.group !== group) {
      group = row.group;
      lines.push('', `## ${group}`, '', '| edit | here | BuildKit |', '|---|---|---|');
    }
    const verdicts = verdictsOf(row);
    const name = moreThan(row.after, verdicts) > 0 ? `**${cell(row.name)}**` : cell(row.name);
    const mark = row.wrong ? ', which is wrong' : row.documented === undefined ? '' : ' †';
    lines.push(
      `| ${name} | ${verdictsText(row.after, row.after)} | ${verdictsText(row.after, verdicts)}${mark} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = JSON.parse(readFileSync(join(here, 'buildkit.json'), 'utf8'));
  writeFileSync(join(here, '../../../docs/cache-scenarios.md'), scenarioPage(scenarios, asked));
}
