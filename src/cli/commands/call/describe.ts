// `--call=subrequests.describe`: which questions can be asked about a build, for clients that look before they ask.

import {tableText} from './table.ts';

interface Subrequest {
  readonly name: string;
  readonly version: string;
  readonly type: 'rpc';
  readonly description: string;
  readonly opts?: readonly {readonly name: string; readonly description: string}[];
  readonly metadata: readonly {readonly name: string}[];
}

const metadata = [{name: 'result.json'}, {name: 'result.txt'}];
const target = {name: 'target', description: 'stage that is built'};

const subrequests: readonly Subrequest[] = [
  {
    name: 'frontend.outline',
    version: '1.0.0',
    type: 'rpc',
    description: 'List what the build of a target takes',
    opts: [target],
    metadata,
  },
  {
    name: 'frontend.targets',
    version: '1.0.0',
    type: 'rpc',
    description: 'List the targets of the file',
    opts: [],
    metadata,
  },
  {
    name: 'frontend.lint',
    version: '1.0.0',
    type: 'rpc',
    description: 'Lint the file',
    opts: [target],
    metadata,
  },
  {
    name: 'frontend.subrequests.describe',
    version: '1.0.0',
    type: 'rpc',
    description: 'List what can be asked',
    metadata,
  },
];

export function describeText(): string {
  const rows = subrequests.map(({name, version, description}) => [
    name.replace(/^frontend\./, ''),
    version,
    description,
  ]);
  return tableText(['NAME', 'VERSION', 'DESCRIPTION'], rows);
}

/** In the shape of BuildKit's subrequest of that name. */
export function describeJson(): object {
  return subrequests;
}
