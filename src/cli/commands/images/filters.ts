// --filter of `images`, with docker's words: dangling, label, reference, before, since, until. Values of one word are
// alternatives, words must all be met; only labels must all be there.

import {buildError} from '../../../diagnostics/build-error.ts';
import {chosenImage, matchImage} from '../../../image/match-image.ts';
import type {ImageDetails} from '../../../store/image-store.ts';
import {systemClock} from '../../../util/clock.ts';
import {BadPatternError, compileMatch} from '../../../util/go-path.ts';
import {suggest} from '../../../util/suggest.ts';
import {momentOf} from '../../values/moment.ts';
import {createdMsOf, isDangling, nameParts} from './image-rows.ts';

type Test = (image: ImageDetails) => boolean;

const words = ['dangling', 'label', 'reference', 'before', 'since', 'until'] as const;
type Word = (typeof words)[number];

/** What `filters` (each `WORD=VALUE`) and the operand leave of `all`. */
export function filteredImages(
  all: readonly ImageDetails[],
  filters: readonly string[],
  operand: string | undefined,
): readonly ImageDetails[] {
  const tests = new Map<Word, Test[]>();
  for (const filter of filters) {
    const {word, value} = splitFilter(filter);
    tests.set(word, [...(tests.get(word) ?? []), testOf(word, value, all)]);
  }
  const groups: Test[] = [...tests].map(([word, group]) =>
    word === 'label'
      ? (image) => group.every((test) => test(image))
      : (image) => group.some((test) => test(image)),
  );
  if (operand !== undefined) groups.push(referenceTest(operand));
  return all.filter((image) => groups.every((test) => test(image)));
}

function splitFilter(filter: string): {word: Word; value: string} {
  const equals = filter.indexOf('=');
  if (equals < 0) throw problem(`--filter ${filter}: expected WORD=VALUE`);
  const text = filter.slice(0, equals).trim().toLowerCase();
  const word = words.find((one) => one === text);
  if (word !== undefined) return {word, value: filter.slice(equals + 1).trim()};
  const near = suggest(text, words);
  throw problem(
    `--filter has no "${text}"`,
    near === undefined ? `there are ${words.join(', ')}` : `did you mean ${near}?`,
  );
}

function testOf(word: Word, value: string, all: readonly ImageDetails[]): Test {
  switch (word) {
    case 'dangling': {
      const wanted = ['true', '1'].includes(value.toLowerCase());
      if (!wanted && !['false', '0'].includes(value.toLowerCase())) {
        throw problem(`--filter dangling expects true or false, got "${value}"`);
      }
      return (image) => isDangling(image) === wanted;
    }
    case 'label': {
      const [key = '', ...rest] = value.split('=');
      const wanted = rest.length === 0 ? undefined : rest.join('=');
      return ({config}) => {
        const found = config.config?.Labels?.[key];
        return found !== undefined && (wanted === undefined || found === wanted);
      };
    }
    case 'reference':
      return referenceTest(value);
    case 'before':
    case 'since': {
      const than = createdMsOf(chosenImage(matchImage(all, value), value));
      return (image) => (word === 'before' ? createdMsOf(image) < than : createdMsOf(image) > than);
    }
    case 'until': {
      const limit = timeMs(value);
      return (image) => createdMsOf(image) < limit;
    }
  }
}

/** As docker has it: seconds since 1970, how long ago (`24h`), or a date with or without a time. */
function timeMs(value: string): number {
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const moment = momentOf(value, systemClock.nowMs());
  if (moment !== undefined) return moment;
  throw problem(`--filter until expects a time, got "${value}"`, 'such as 24h, 2026-01-31 or 1767225600');
}

/** A pattern for a repository or a name with its tag, as docker shows them. */
function referenceTest(pattern: string): Test {
  const matches = patternOf(pattern);
  return (image) => {
    if (isDangling(image)) return false;
    const {repository, tag} = nameParts(image.name);
    return matches(repository) || matches(`${repository}:${tag}`);
  };
}

function patternOf(pattern: string): (name: string) => boolean {
  try {
    return compileMatch(pattern);
  } catch (error) {
    if (error instanceof BadPatternError) throw problem(`"${pattern}" is no pattern: ${error.message}`);
    throw error;
  }
}

function problem(message: string, hint?: string): Error {
  return buildError('usage', 'cli-bad-value', message, hint === undefined ? {} : {hints: [hint]});
}
