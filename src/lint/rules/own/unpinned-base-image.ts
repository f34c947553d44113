// tsbuild/UnpinnedBaseImage: `FROM node` and `FROM node:latest` are another image every few weeks. Opt-in: for
// something that is thrown away at night it does not matter.

import {isReferenceProblem, parseReference} from '../../../oci/reference.ts';
import type {LintRule} from '../../rule.ts';

export const unpinnedBaseImage: LintRule = {
  name: 'tsbuild/UnpinnedBaseImage',
  description: 'Base images should be named with a tag other than latest, or a digest',
  isOptIn: true,
  start({report}) {
    const stages = new Set<string>(['scratch']);
    return {
      onFrom({stage, image}) {
        const reference = parseReference(image.result);
        const isStage = stages.has(image.result);
        if (stage.name !== '') stages.add(stage.name);
        if (isStage || isReferenceProblem(reference) || reference.digest !== undefined) return;
        if (reference.tag !== undefined && reference.tag !== 'latest') return;
        report(stage.from, `Base image ${image.result} changes without notice: name a version or a digest`);
      },
    };
  },
};
