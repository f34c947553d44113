// The shelf of commands, in the order in which `tsbuild --help` lists them within their sections.

import {buildCommand} from './build/command.ts';
import {cacheMountCommands} from './cache-mount/commands.ts';
import type {Command} from './command.ts';
import {debugCommand} from './debug/command.ts';
import {diffCommand} from './diff/command.ts';
import {doctorCommand} from './doctor/command.ts';
import {duCommand} from './du/command.ts';
import {explainCommand} from './explain/command.ts';
import {exportCommand} from './export/command.ts';
import {fsckCommand} from './fsck/command.ts';
import {generateKeyPairCommand} from './generate-key-pair/command.ts';
import {historyCommand} from './history/command.ts';
import {historyBuildCommands} from './history-builds/commands.ts';
import {imagesCommand} from './images/command.ts';
import {imagetoolsCommands} from './imagetools/commands.ts';
import {importCommand} from './import/command.ts';
import {inspectCommand} from './inspect/command.ts';
import {layersCommand} from './layers/command.ts';
import {loadCommand} from './load/command.ts';
import {lockCommand} from './lock/command.ts';
import {loginCommand} from './login/command.ts';
import {logoutCommand} from './logout/command.ts';
import {planCommand} from './plan/command.ts';
import {pruneCommand} from './prune/command.ts';
import {pullCommand} from './pull/command.ts';
import {pushCommand} from './push/command.ts';
import {rmiCommand} from './rmi/command.ts';
import {runCommand} from './run/command.ts';
import {saveCommand} from './save/command.ts';
import {searchCommand} from './search/command.ts';
import {shellCommand} from './shell/command.ts';
import {signCommand} from './sign/command.ts';
import {tagCommand} from './tag/command.ts';
import {verifyCommand} from './verify/command.ts';

export const commands: readonly Command[] = [
  buildCommand,
  ...cacheMountCommands,
  debugCommand,
  diffCommand,
  doctorCommand,
  duCommand,
  explainCommand,
  exportCommand,
  fsckCommand,
  generateKeyPairCommand,
  historyCommand,
  ...historyBuildCommands,
  imagesCommand,
  ...imagetoolsCommands,
  importCommand,
  inspectCommand,
  layersCommand,
  loadCommand,
  lockCommand,
  loginCommand,
  logoutCommand,
  planCommand,
  pruneCommand,
  pullCommand,
  pushCommand,
  rmiCommand,
  runCommand,
  saveCommand,
  searchCommand,
  shellCommand,
  signCommand,
  tagCommand,
  verifyCommand,
];

/** The command of that name, of one word or two. */
export function commandNamed(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}
