// ADD: what COPY does from the build context, and besides: local archives are unpacked, URLs downloaded, git
// repositories cloned.

import type {CopyInstruction} from '../../dockerfile/ast.ts';
import {expandTransfer, lowerTransfer, type RemoteSource} from '../../plan/file-ops.ts';
import {fileNameOf, gitSourceOf, isHttpSource, parseGitReference} from '../../plan/git-reference.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';

export const addLowering: InstructionLowering<CopyInstruction> = {
  isStep: true,
  lower(instruction, stage) {
    // With --keep-git-dir a URL is a repository, whatever its name.
    const isKnownGit = instruction.keepGitDir !== undefined;
    const checksum = instruction.checksum === undefined ? '' : stage.expand(instruction.checksum);
    const transfer = expandTransfer(instruction, stage);
    if (checksum !== '') checkSources(transfer.sources, isKnownGit);
    lowerTransfer(
      transfer,
      stage,
      () => stage.buildContext(),
      (source) => {
        if (isHttpSource(source, isKnownGit)) {
          return download(source, checksum, instruction.unpack ?? false);
        }
        return clone(source, checksum, instruction.keepGitDir);
      },
    );
  },
};

function checkSources(sources: readonly string[], isKnownGit: boolean): void {
  const [only = ''] = sources;
  if (sources.length !== 1) {
    throw new PlanProblem('plan-checksum', "checksum can't be specified for multiple sources");
  }
  if (!isHttpSource(only, isKnownGit) && parseGitReference(only, isKnownGit) === undefined) {
    throw new PlanProblem('plan-checksum', 'checksum requires HTTP(S) or Git sources');
  }
}

function download(url: string, checksum: string, unpack: boolean): RemoteSource {
  const filename = fileNameOf(url);
  if (checksum !== '') checkDigest(checksum);
  const expected = checksum === '' ? {} : {checksum};
  return {
    op: {kind: 'source', source: {type: 'http', url, filename, ...expected}},
    path: `/${filename}`,
    unpack,
  };
}

const digestHints = ['a checksum is sha256: and 64 hexadecimal digits'];

/** What go-digest says of a text that is no digest; sha256 is the only algorithm here. */
function checkDigest(text: string): void {
  const [algorithm = '', hex] = text.split(':', 2);
  if (hex === undefined || !/^[A-Za-z0-9]+(?:[+._-][A-Za-z0-9]+)*$/.test(algorithm)) {
    throw new PlanProblem('plan-checksum', 'invalid checksum digest format', digestHints, text);
  }
  if (algorithm !== 'sha256') {
    throw new PlanProblem('plan-checksum', 'unsupported digest algorithm', ['sha256:… is what is supported']);
  }
  if (hex.length !== 64)
    throw new PlanProblem('plan-checksum', 'invalid checksum digest length', digestHints, text);
  if (!/^[0-9a-f]+$/.test(hex))
    throw new PlanProblem('plan-checksum', 'invalid checksum digest format', digestHints, text);
}

function clone(text: string, checksum: string, keepGitDir: boolean | undefined): RemoteSource | undefined {
  const git = parseGitReference(text, keepGitDir !== undefined);
  if (git === undefined) return undefined;
  if (keepGitDir !== undefined && git.keepGitDirectory !== undefined && keepGitDir !== git.keepGitDirectory) {
    throw new PlanProblem('plan-git-reference', 'inconsistent keep-git-dir configuration');
  }
  if (checksum !== '' && git.checksum !== undefined && checksum !== git.checksum) {
    const message = `checksum mismatch ${JSON.stringify(checksum)} != ${JSON.stringify(git.checksum)}`;
    throw new PlanProblem('plan-checksum', message);
  }
  const source = gitSourceOf(git, keepGitDir ?? false, checksum);
  return {op: {kind: 'source', source}, path: '/', unpack: false};
}
