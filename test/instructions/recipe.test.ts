// docs/recipes/add-an-instruction.md, followed: an instruction that lies in the folder `recipe/note` and is named in
// one place for its reader and one for its lowering goes all the way, from text to plan. Nothing else knows it.

import {describe, expect, it} from 'vitest';
import {sourceFile} from '../../src/diagnostics/source-file.ts';
import type {InstructionReader} from '../../src/dockerfile/instruction-reader.ts';
import {parseDockerfile, parseInstructionText} from '../../src/dockerfile/parse.ts';
import {instructionSet} from '../../src/instructions/index.ts';
import {readers} from '../../src/instructions/readers.ts';
import type {InstructionSet} from '../../src/plan/instruction-lowering.ts';
import {fileOf, historyOf, namesOf, planOf} from '../plan/plan-of.ts';
import {noteLowering} from './recipe/note/lower.ts';
import {noteReader} from './recipe/note/read.ts';

// The casts stand for step 1, the member of the union, which a test cannot add to the types of the program.
const withNote = {readers: [...readers, noteReader as unknown as InstructionReader]};
const language: InstructionSet = {
  lowerings: {...instructionSet.lowerings, NOTE: noteLowering} as InstructionSet['lowerings'],
  async readTrigger(text) {
    const {instruction} = parseInstructionText(text, withNote);
    if (instruction === undefined) throw new Error(`does not parse: ${text}`);
    return instruction;
  },
};

const parse = (text: string) => parseDockerfile(sourceFile('Dockerfile', text), withNote);
const plan = (text: string) => planOf(text, {language: {instructions: language, parse}});

describe('an instruction made by the recipe', () => {
  it('is read, with its flag, its place and its variables as written', () => {
    const {dockerfile, diagnostics} = parse('FROM scratch\nnote --to=/n  made by \\\n  $who\n');
    expect(diagnostics).toEqual([]);
    expect(dockerfile?.stages[0]?.instructions).toMatchObject([
      {keyword: 'NOTE', text: 'made by   $who', to: '/n', span: {line: 2, endLine: 3}},
    ]);
  });

  it('has its mistakes told like any other', () => {
    const messages = (text: string) =>
      parse(`FROM scratch\n${text}\n`).diagnostics.map(({message, hints}) => [message, ...(hints ?? [])]);
    expect(messages('NOTE')).toEqual([['NOTE requires exactly one argument']]);
    expect(messages('NOTE --too=x y')).toEqual([['unknown flag: --too', 'did you mean --to?']]);
    expect(messages('NOET x')).toEqual([['unknown instruction: NOET', 'did you mean NOTE?']]);
  });

  it('changes files, config and history, and counts as a step', async () => {
    const made = await plan('FROM busybox\nARG who=me\nNOTE made by $who\nRUN x\n');
    expect(made.config.config.Labels).toEqual({note: 'made by me'});
    expect(historyOf(made)).toEqual([
      'ARG who=me (empty)',
      'NOTE made by me',
      'RUN |1 who=me /bin/sh -c x # buildkit',
    ]);
    expect(namesOf(made).slice(1)).toEqual(['[2/3] NOTE made by me', '[3/3] RUN x']);
    expect(fileOf(await plan('FROM scratch\nNOTE --to=/n x\n')).actions).toEqual([
      {type: 'make-file', destination: '/n', name: 'note', content: 'x'},
    ]);
  });

  it('is a trigger as it is an instruction', async () => {
    const made = await plan('FROM scratch AS base\nONBUILD NOTE later\nFROM base\n');
    expect(historyOf(made)).toEqual(['NOTE later']);
    expect(namesOf(made)).toEqual(['[stage-1 1/1] ONBUILD NOTE later']);
  });
});
