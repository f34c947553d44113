// tsbuild/DownloadPipedToShell: of `curl … | sh` the shell's exit code counts. When the download fails, the shell has
// nothing to do, does it well, and the step is cached as done.

import type {LintRule} from '../../rule.ts';
import {scriptOf} from '../../run-commands.ts';

const piped =
  /(?:^|[\s(])(curl|wget)\s[^|;&\n]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\w+=\S*\s+)*(?:\/\S*\/)?((?:ba|da|a|z)?sh)(?=\s|$|[;&|)])/;

export const downloadPipedToShell: LintRule = {
  name: 'tsbuild/DownloadPipedToShell',
  description: 'A failed download should fail the step, which a pipe hides',
  start: ({report}) => ({
    onInstruction({instruction, span, stage}) {
      if (instruction.keyword !== 'RUN') return;
      const script = scriptOf(instruction) ?? '';
      const [, download, shell] = piped.exec(script) ?? [];
      if (download === undefined || `${stage.shell.join(' ')} ${script}`.includes('pipefail')) return;
      const {comments} = instruction;
      report(
        {span, comments},
        `when ${download} fails, ${shell} runs nothing and the step succeeds: download to a file first, or use a SHELL with -o pipefail`,
      );
    },
  }),
};
