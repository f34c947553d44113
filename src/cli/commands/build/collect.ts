// After a build: `tsbuild prune --automatic` as a process of its own, so that nobody waits for it.

import {startInBackground} from '../../../helper/background.ts';

export function collectInBackground(root: string, configFile: string | undefined): void {
  const [, program] = process.argv;
  if (program === undefined) return;
  const config = configFile === undefined ? [] : ['--config', configFile];
  const args = [program, 'prune', '--automatic', '--root', root, ...config];
  startInBackground(process.execPath, [...process.execArgv, ...args]);
}
