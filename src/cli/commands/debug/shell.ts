// `tsbuild debug shell`: expands words. Reads one JSON object per line, `{word, env: ["K=V"], escape, rawQuotes}`,
// and answers each with one line, the word as one string and split into words.

import {
  type Expanded,
  type ExpandOptions,
  type ExpansionError,
  expandWord,
  expandWords,
} from '../../../dockerfile/expansion.ts';
import {loadWordGrammar} from '../../../dockerfile/word-grammar.ts';
import {type ExitCode, exitCodes} from '../../exit-codes.ts';
import {type CliIo, readAll} from '../../io.ts';

export async function runDebugShell(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  if (argv.length > 0) {
    io.stderr.write('usage: tsbuild debug shell < cases.jsonl\n');
    return exitCodes.usage;
  }
  await loadWordGrammar();
  const lines = (await readAll(io.stdin)).toString('utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const asked = questionOf(line);
    if (asked === undefined) {
      io.stderr.write(`line ${index + 1} is not {"word": "...", "env": ["K=V"]}\n`);
      return exitCodes.usage;
    }
    io.stdout.write(`${JSON.stringify(answerTo(asked))}\n`);
  }
  return exitCodes.ok;
}

interface Question {
  readonly word: string;
  readonly env: ReadonlyMap<string, string>;
  readonly options: ExpandOptions;
}

function questionOf(line: string): Question | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('word' in value) || typeof value.word !== 'string') {
    return undefined;
  }
  const pairs: unknown[] = 'env' in value && Array.isArray(value.env) ? value.env : [];
  const raw = 'rawQuotes' in value && value.rawQuotes === true;
  return {
    word: value.word,
    env: new Map(pairs.map((pair) => splitPair(String(pair)))),
    options: {
      escape: 'escape' in value && value.escape === '`' ? '`' : '\\',
      rawQuotes: raw,
      skipUnset: raw,
    },
  };
}

function splitPair(pair: string): [key: string, value: string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function answerTo({word, env, options}: Question): object {
  return {word: answer(expandWord(word, env, options)), words: answer(expandWords(word, env, options))};
}

function answer<T>(outcome: Expanded<T> | ExpansionError): object {
  if ('error' in outcome) return outcome;
  const {result, matched, unmatched} = outcome;
  return {result, matched: [...matched].sort(), unmatched: [...unmatched].sort()};
}
