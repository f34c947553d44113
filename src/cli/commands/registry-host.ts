// Which registry `login` and `logout` mean: none is Docker Hub, and people paste addresses.

import {buildError} from '../../diagnostics/build-error.ts';
import {defaultDomain} from '../../oci/reference.ts';

const hubNames = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The host as in references. Throws BuildError('usage'). */
export function registryHost(operands: readonly string[], command: string): string {
  const [operand = defaultDomain, surplus] = operands;
  if (surplus !== undefined) {
    throw buildError('usage', 'cli-operands', `${command} needs one SERVER at most, got ${operands.length}`);
  }
  const host = operand.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
  if (hubNames.includes(host)) return defaultDomain;
  if (/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::\d{1,5})?$/.test(host)) return host;
  throw buildError('usage', 'cli-bad-value', `"${operand}" is no registry: expected HOST[:PORT]`);
}
