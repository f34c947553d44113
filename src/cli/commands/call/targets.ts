// `--call=targets`: the stages that --target can name.

import type {TargetDescription} from '../../../build/check/targets.ts';
import type {SourceFile} from '../../../diagnostics/source-file.ts';
import {locationOf, withoutBlanks} from './location.ts';
import {tableText} from './table.ts';

export function targetsText(targets: readonly TargetDescription[]): string {
  const rows = targets
    .filter(({name, isDefault}) => name !== '' || isDefault)
    .map(({name, isDefault, description}) => {
      const shown = isDefault ? `${name} (default)`.trimStart() : name;
      return [shown, description];
    });
  return tableText(['TARGET', 'DESCRIPTION'], rows);
}

/** In the shape of BuildKit's targets subrequest. */
export function targetsJson(targets: readonly TargetDescription[], file: SourceFile): object {
  return {
    targets: targets.map(({name, isDefault, description, base, platform, span}) => ({
      ...withoutBlanks({name, description, base, platform}),
      ...(isDefault ? {default: true} : {}),
      location: locationOf(span),
    })),
    sources: [Buffer.from(file.text).toString('base64')],
  };
}
