// `tsbuild history export`: builds as reports, or as their records.

import {mkdir, writeFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import type {BuildRecord} from '../../../history/build-record.ts';
import {reportHtml} from '../../../history/report/report.ts';
import {refusalText} from '../../../util/error-text.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act} from '../command.ts';
import {chosenBuild, openHistory} from './chosen-build.ts';

export const exportBuild: Act = async ({flags, operands, io}) => {
  const format = chosenFormat(flags, ['html', 'json']);
  const history = openHistory(flags, io);
  const output = flags.last('output');
  if (flags.has('all') && operands.length > 0) {
    throw buildError('usage', 'cli-operands', 'history export takes builds, or --all instead');
  }
  if (operands.length > 1 || flags.has('all')) {
    const directory = resolve(io.cwd, output ?? '.');
    const records = flags.has('all')
      ? [...history.records()]
      : operands.map((operand) => chosenBuild(history, operand));
    for (const record of records) {
      const file = join(directory, `${record.id}.${format}`);
      await written(
        file,
        mkdir(directory, {recursive: true}).then(() => writeFile(file, textOf(record, format))),
      );
      io.stdout.write(`${file}\n`);
    }
    return exitCodes.ok;
  }
  const text = textOf(chosenBuild(history, operands[0]), format);
  if (output === undefined || output === '-') io.stdout.write(text);
  else await written(output, writeFile(resolve(io.cwd, output), text));
  return exitCodes.ok;
};

function textOf(record: BuildRecord, format: 'html' | 'json'): string {
  return format === 'html' ? reportHtml(record) : `${JSON.stringify(record, null, 2)}\n`;
}

async function written(file: string, writing: Promise<void>): Promise<void> {
  await writing.catch((error: NodeJS.ErrnoException) => {
    throw buildError('environment', 'history-export', `cannot write ${file}: ${refusalText(error)}`);
  });
}
