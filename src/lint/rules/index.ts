// The shelf of lint rules: adding one is a file in its folder, a line below, a page in docs/rules and a test.
// BuildKit's first, in its order, then ours.

import type {LintRule} from '../rule.ts';
import {consistentInstructionCasing} from './buildkit/consistent-instruction-casing.ts';
import {copyIgnoredFile} from './buildkit/copy-ignored-file.ts';
import {duplicateStageName} from './buildkit/duplicate-stage-name.ts';
import {exposeInvalidFormat} from './buildkit/expose-invalid-format.ts';
import {exposeProtoCasing} from './buildkit/expose-proto-casing.ts';
import {fromAsCasing} from './buildkit/from-as-casing.ts';
import {fromPlatformFlagConstDisallowed} from './buildkit/from-platform-flag-const-disallowed.ts';
import {invalidBaseImagePlatform} from './buildkit/invalid-base-image-platform.ts';
import {invalidDefaultArgInFrom} from './buildkit/invalid-default-arg-in-from.ts';
import {invalidDefinitionDescription} from './buildkit/invalid-definition-description.ts';
import {jsonArgsRecommended} from './buildkit/json-args-recommended.ts';
import {legacyKeyValueFormat} from './buildkit/legacy-key-value-format.ts';
import {maintainerDeprecated} from './buildkit/maintainer-deprecated.ts';
import {multipleInstructionsDisallowed} from './buildkit/multiple-instructions-disallowed.ts';
import {noEmptyContinuation} from './buildkit/no-empty-continuation.ts';
import {redundantTargetPlatform} from './buildkit/redundant-target-platform.ts';
import {reservedStageName} from './buildkit/reserved-stage-name.ts';
import {secretsUsedInArgOrEnv} from './buildkit/secrets-used-in-arg-or-env.ts';
import {stageNameCasing} from './buildkit/stage-name-casing.ts';
import {undefinedArgInFrom} from './buildkit/undefined-arg-in-from.ts';
import {undefinedVar} from './buildkit/undefined-var.ts';
import {workdirRelativePath} from './buildkit/workdir-relative-path.ts';
import {aptGetUpdateAlone} from './own/apt-get-update-alone.ts';
import {argHidesEnv} from './own/arg-hides-env.ts';
import {brokenExecForm} from './own/broken-exec-form.ts';
import {copyBeforeDependencyInstall} from './own/copy-before-dependency-install.ts';
import {downloadPipedToShell} from './own/download-piped-to-shell.ts';
import {execFormWithoutShell} from './own/exec-form-without-shell.ts';
import {lostShellState} from './own/lost-shell-state.ts';
import {misspeltBuildArg} from './own/misspelt-build-arg.ts';
import {recursiveChownAfterCopy} from './own/recursive-chown-after-copy.ts';
import {shellEntrypointIgnoresCmd} from './own/shell-entrypoint-ignores-cmd.ts';
import {unpinnedBaseImage} from './own/unpinned-base-image.ts';

export const rules: readonly LintRule[] = [
  stageNameCasing,
  fromAsCasing,
  noEmptyContinuation,
  consistentInstructionCasing,
  duplicateStageName,
  reservedStageName,
  jsonArgsRecommended,
  maintainerDeprecated,
  undefinedArgInFrom,
  workdirRelativePath,
  undefinedVar,
  multipleInstructionsDisallowed,
  legacyKeyValueFormat,
  invalidBaseImagePlatform,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  invalidDefaultArgInFrom,
  fromPlatformFlagConstDisallowed,
  copyIgnoredFile,
  invalidDefinitionDescription,
  exposeProtoCasing,
  exposeInvalidFormat,
  copyBeforeDependencyInstall,
  aptGetUpdateAlone,
  argHidesEnv,
  recursiveChownAfterCopy,
  brokenExecForm,
  execFormWithoutShell,
  lostShellState,
  downloadPipedToShell,
  shellEntrypointIgnoresCmd,
  misspeltBuildArg,
  unpinnedBaseImage,
];
