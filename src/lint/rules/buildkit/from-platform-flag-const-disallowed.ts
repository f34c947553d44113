// FromPlatformFlagConstDisallowed: a constant platform makes every build one for that platform. A stage that has the
// system or the machine in its name means it.

import {parsePlatform} from '../../../oci/platform.ts';
import {quoted} from '../../../plan/go-format.ts';
import type {LintRule} from '../../rule.ts';

export const fromPlatformFlagConstDisallowed: LintRule = {
  name: 'FromPlatformFlagConstDisallowed',
  description: 'FROM --platform flag should not use a constant value',
  url: 'https://docs.docker.com/go/dockerfile/rule/from-platform-flag-const-disallowed/',
  start: ({report}) => ({
    onFrom({stage, platform}) {
      if (platform === undefined || platform.matched.length + platform.unmatched.length > 0) return;
      const parsed = parsePlatform(platform.result);
      if ('problem' in parsed) return;
      if (stage.name.includes(parsed.os) || stage.name.includes(parsed.architecture)) return;
      report(stage.from, `FROM --platform flag should not use constant value ${quoted(platform.result)}`);
    },
  }),
};
