// RedundantTargetPlatform: `FROM --platform=$TARGETPLATFORM` says what is so without it.

import type {LintRule} from '../../rule.ts';

const name = 'TARGETPLATFORM';

export const redundantTargetPlatform: LintRule = {
  name: 'RedundantTargetPlatform',
  description:
    'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
  url: 'https://docs.docker.com/go/dockerfile/rule/redundant-target-platform/',
  start: ({report}) => ({
    onFrom({stage, platform, globals}) {
      if (platform === undefined || platform.unmatched.length > 0) return;
      const [only, ...others] = platform.matched;
      if (only !== name || others.length > 0 || platform.result !== globals.get(name)) return;
      const written = stage.from.platform ?? '';
      report(
        stage.from,
        `Setting platform to predefined ${written} in FROM is redundant as this is the default behavior`,
      );
    },
  }),
};
