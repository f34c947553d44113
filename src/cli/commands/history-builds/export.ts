// `tsbuild history export`: a build as a report, or as its record.

import {writeFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import {buildError} from '../../../diagnostics/build-error.ts';
import {reportHtml} from '../../../history/report/report.ts';
import {refusalText} from '../../../util/error-text.ts';
import {exitCodes} from '../../exit-codes.ts';
import {chosenFormat} from '../../format/flag.ts';
import type {Act} from '../command.ts';
import {chosenBuild, openHistory} from './chosen-build.ts';

export const exportBuild: Act = async ({flags, operands, io}) => {
  const [operand, surplus] = operands;
  const format = chosenFormat(flags, ['html', 'json']);
  if (surplus !== undefined) throw buildError('usage', 'cli-operands', 'history export takes one BUILD');
  const record = chosenBuild(openHistory(flags, io), operand);
  const text = format === 'html' ? reportHtml(record) : `${JSON.stringify(record, null, 2)}\n`;
  const file = flags.last('output');
  if (file === undefined || file === '-') io.stdout.write(text);
  else {
    await writeFile(resolve(io.cwd, file), text).catch((error: NodeJS.ErrnoException) => {
      throw buildError('environment', 'history-export', `cannot write ${file}: ${refusalText(error)}`);
    });
  }
  return exitCodes.ok;
};
