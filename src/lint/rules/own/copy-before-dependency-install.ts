// tsbuild/CopyBeforeDependencyInstall: `COPY . .` and then `npm ci`: every edited file makes the installation run
// again. Silent when the same tool has installed before the copy, and for a RUN with a cache mount, which pays
// little.

import type {RunInstruction} from '../../../dockerfile/ast.ts';
import type {ObservedInstruction, StageView} from '../../../plan/plan-observer.ts';
import {clean} from '../../../util/go-path.ts';
import type {LintPlace, LintRule} from '../../rule.ts';
import {type Command, commandsOf} from '../../run-commands.ts';

interface Installer {
  /** What to say is installed with. */
  readonly shown: string;
  /** What it reads, to be copied first. */
  readonly manifest: string;
  installs(rest: Command): boolean;
}

const bare = (...verbs: readonly string[]): Installer['installs'] => {
  const known = new Set(verbs);
  return ([verb = '', ...others]) => known.has(verb) && others.every((word) => word.startsWith('-'));
};
const isGlobal = (words: Command): boolean => words.some((word) => /^(?:-g|--global)$/.test(word));
const first =
  (...verbs: readonly string[]): Installer['installs'] =>
  (rest) =>
    verbs.join(' ') === rest.slice(0, verbs.length).join(' ');

const npm = bare('ci', 'i', 'install');
const yarn = bare('install', '');
const pnpm = bare('i', 'install');

const installers: Readonly<Record<string, Installer>> = {
  npm: {
    shown: 'npm',
    manifest: 'package.json and package-lock.json',
    installs: (rest) => npm(rest) && !isGlobal(rest),
  },
  yarn: {
    shown: 'yarn',
    manifest: 'package.json and yarn.lock',
    installs: (rest) => rest.length === 0 || yarn(rest) || rest.every((word) => word.startsWith('--')),
  },
  pnpm: {
    shown: 'pnpm',
    manifest: 'package.json and pnpm-lock.yaml',
    installs: (rest) => pnpm(rest) && !isGlobal(rest),
  },
  pip: {shown: 'pip', manifest: 'the requirements file', installs: installsRequirements},
  pip3: {shown: 'pip3', manifest: 'the requirements file', installs: installsRequirements},
  bundle: {shown: 'bundle', manifest: 'Gemfile and Gemfile.lock', installs: first('install')},
  composer: {shown: 'composer', manifest: 'composer.json and composer.lock', installs: first('install')},
  go: {shown: 'go', manifest: 'go.mod and go.sum', installs: first('mod', 'download')},
};

export const copyBeforeDependencyInstall: LintRule = {
  name: 'tsbuild/CopyBeforeDependencyInstall',
  description: 'Dependencies should be installed before the whole context is copied',
  start({report}) {
    const copies = new Map<StageView, LintPlace>();
    const done = new Map<StageView, Set<string>>();
    return {
      onInstruction(seen) {
        const {instruction, span, stage} = seen;
        const {comments} = instruction;
        if (copiesContext(seen) && !copies.has(stage)) copies.set(stage, {span, comments});
        if (instruction.keyword !== 'RUN') return;
        const copy = copies.get(stage);
        for (const [installer, command] of installationsOf(instruction)) {
          const installed = done.get(stage) ?? new Set();
          done.set(stage, installed);
          if (copy !== undefined && !installed.has(installer.shown) && !hasCacheMount(instruction)) {
            const what = command.slice(0, 3).join(' ');
            report(
              copy,
              `The whole context is copied before '${what}' (line ${span.line}), which then runs again after every change: copy ${installer.manifest} first, install, and copy the rest`,
            );
          }
          installed.add(installer.shown);
        }
      },
    };
  },
};

function copiesContext({instruction, stage}: ObservedInstruction): boolean {
  if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') return false;
  if (instruction.from !== undefined || instruction.excludes.length > 0) return false;
  return instruction.sources.some((source) => ['.', '/'].includes(clean(stage.peek(source) ?? source)));
}

function installationsOf(instruction: RunInstruction): readonly (readonly [Installer, Command])[] {
  return commandsOf(instruction).flatMap((command) => {
    const [program = '', ...rest] = command;
    const installer = Object.hasOwn(installers, program) ? installers[program] : undefined;
    return installer?.installs(rest) === true ? [[installer, command] as const] : [];
  });
}

function installsRequirements(rest: Command): boolean {
  return rest[0] === 'install' && rest.some((word) => /^(?:-r.*|--requirement(?:=.*)?)$/.test(word));
}

function hasCacheMount({mounts}: RunInstruction): boolean {
  return mounts.some((mount) => /(?:^|,)type=cache(?:,|$)/.test(mount));
}
