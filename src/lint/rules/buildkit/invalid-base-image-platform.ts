// InvalidBaseImagePlatform: the base image is for another machine, which shows as "exec format error" much later.

import {formatPlatform, type Platform, parsePlatform} from '../../../oci/platform.ts';
import {quoted} from '../../../plan/go-format.ts';
import type {LintRule} from '../../rule.ts';

export const invalidBaseImagePlatform: LintRule = {
  name: 'InvalidBaseImagePlatform',
  description: 'Base image platform does not match expected target platform',
  start: ({report}) => ({
    onBaseImage({stage, span, name, expected, actual}) {
      if (expected.os === actual.os && expected.architecture === actual.architecture) return;
      const [pulled, wanted] = [shown(actual), shown(expected)];
      const detail = `Base image ${name} was pulled with platform ${pulled}, expected ${wanted} for current build`;
      report({span, comments: stage?.from.comments ?? []}, detail);
    },
  }),
};

/** In its usual spelling: images say `arm64/v8`. */
function shown(platform: Platform): string {
  const text = formatPlatform(platform);
  const parsed = parsePlatform(text);
  return quoted('problem' in parsed ? text : formatPlatform(parsed));
}
