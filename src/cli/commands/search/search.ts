// `tsbuild search [HOST/]TERM`, with docker's columns and fields.

import {buildError} from '../../../diagnostics/build-error.ts';
import {defaultDomain} from '../../../oci/reference.ts';
import type {FoundRepository} from '../../../sources/registry/search.ts';
import {suggest} from '../../../util/suggest.ts';
import {exitCodes} from '../../exit-codes.ts';
import {rowPrinter} from '../../format/print.ts';
import type {FormatObject} from '../../format/value.ts';
import {configFileOf} from '../../places.ts';
import type {Act} from '../command.ts';
import {registryHost} from '../registry-host.ts';

const headings = {
  Name: 'NAME',
  Description: 'DESCRIPTION',
  StarCount: 'STARS',
  IsOfficial: 'OFFICIAL',
  IsAutomated: 'AUTOMATED',
};
const table = '{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}';
const limitUsual = 25;
const limitMax = 100;
const descriptionMax = 45;

export const searchImages: Act = async ({flags, operands, io, interrupt}) => {
  const [operand, surplus] = operands;
  if (operand === undefined || operand === '' || surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `search needs one TERM, got ${operands.length}`);
  }
  const print = rowPrinter(flags.last('format'), {table, headings});
  const tests = flags.all('filter').map(testOf);
  const limit = limitOf(flags.last('limit') ?? String(limitUsual));
  const {host, term} = placeOf(operand);
  const {search} = await import('../../../build/transfer/search.ts');
  const files = {configFile: configFileOf(flags, io), environment: io.env};
  const found = (await search(host, {term, limit}, files, interrupt))
    .filter((one) => tests.every((test) => test(one)))
    .toSorted((a, b) => b.stars - a.stars);
  io.stdout.write(print(found.map((one) => rowOf(one, host, !flags.has('no-trunc')))));
  return exitCodes.ok;
};

/** Before the first slash is a registry where it looks like one, as in names of images. */
function placeOf(operand: string): {host: string; term: string} {
  const slash = operand.indexOf('/');
  const first = operand.slice(0, Math.max(0, slash));
  if (!/[.:]/.test(first) && first !== 'localhost') return {host: defaultDomain, term: operand};
  return {host: registryHost([first], 'search'), term: operand.slice(slash + 1)};
}

function limitOf(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limitMax) return limit;
  throw problem(`--limit expects a number from 1 to ${limitMax}, got "${text}"`);
}

const words = ['stars', 'is-official', 'is-automated'] as const;

function testOf(filter: string): (found: FoundRepository) => boolean {
  const [given = '', value = ''] = filter.split(/=(.*)/s);
  const word = words.find((one) => one === given.trim().toLowerCase());
  if (word === undefined || !filter.includes('=')) {
    const near = suggest(given, words);
    throw problem(
      `--filter ${filter}: expected WORD=VALUE`,
      near === undefined || near === given ? `words are ${words.join(', ')}` : `did you mean ${near}?`,
    );
  }
  if (word === 'stars') {
    if (!/^\d{1,9}$/.test(value)) throw problem(`--filter stars expects a number, got "${value}"`);
    return ({stars}) => stars >= Number(value);
  }
  const wanted = ['true', '1'].includes(value);
  if (!wanted && !['false', '0'].includes(value)) {
    throw problem(`--filter ${word} expects true or false, got "${value}"`);
  }
  return ({isOfficial, isAutomated}) => (word === 'is-official' ? isOfficial : isAutomated) === wanted;
}

function problem(message: string, hint?: string): Error {
  return buildError('usage', 'cli-bad-value', message, hint === undefined ? {} : {hints: [hint]});
}

function rowOf(found: FoundRepository, host: string, truncate: boolean): FormatObject {
  // What a registry says of itself goes to a terminal.
  const description = found.description.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ');
  const letters = [...description];
  const isLong = truncate && letters.length > descriptionMax;
  return {
    Name: (host === defaultDomain ? found.name : `${host}/${found.name}`).replace(/[^\x21-\x7e]/g, '?'),
    Description: isLong ? `${letters.slice(0, descriptionMax - 1).join('')}…` : description,
    StarCount: found.stars,
    IsOfficial: found.isOfficial ? '[OK]' : '',
    IsAutomated: found.isAutomated ? '[OK]' : '',
  };
}
