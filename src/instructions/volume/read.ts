// VOLUME: directories that hold data of their own.

import type {VolumeInstruction} from '../../dockerfile/ast.ts';
import {readFlags} from '../../dockerfile/flags.ts';
import type {InstructionReader} from '../../dockerfile/instruction-reader.ts';
import {hasArguments, trimBlanks} from '../../dockerfile/reading.ts';
import {instructionBase} from '../../dockerfile/statement.ts';

export const volumeReader = {
  keyword: 'VOLUME',
  shape: 'array-or-words',
  flags: {},
  heredoc: false,
  read(statement, report): VolumeInstruction | undefined {
    const flags = readFlags(statement.flags, volumeReader.flags, report);
    // `VOLUME []` is an array without arguments, which docker refuses as well.
    if (!hasArguments(statement, report)) return undefined;
    const volumes = statement.args.map((word) => ({...word, text: trimBlanks(word.text)}));
    const empty = volumes.filter(({text}) => text === '');
    for (const {span} of empty) {
      const message = 'VOLUME specified can not be an empty string';
      report({code: 'dockerfile-empty-volume', message, span});
    }
    if (empty.length > 0 || flags === undefined) return undefined;
    return {keyword: 'VOLUME', ...instructionBase(statement), volumes: volumes.map(({text}) => text)};
  },
} satisfies InstructionReader;
