// What a bill of materials by a scanner's image covers beside the result: stages that BUILDKIT_SBOM_SCAN_STAGE names or
// is true in, and the context where BUILDKIT_SBOM_SCAN_CONTEXT is true in the target (BuildKit's docs/attestations).

import type {Environment} from './environment.ts';
import type {ScannedStage} from './plan.ts';
import type {StageNode} from './stage-graph.ts';

export interface ScanScope {
  readonly target: StageNode;
  /** All that the target needs, in the order of the file. */
  readonly stages: readonly StageNode[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly globals: Environment;
}

const stageArgument = 'BUILDKIT_SBOM_SCAN_STAGE';
const contextArgument = 'BUILDKIT_SBOM_SCAN_CONTEXT';
const truths = ['1', 't', 'true'];

export function scannedStages(scope: ScanScope): readonly ScannedStage[] {
  const {target, stages} = scope;
  const wanted = stages.flatMap((node): ScannedStage[] => {
    const vertex = node.state?.vertex;
    if (node === target || node.stage === undefined || vertex === undefined) return [];
    return isOn(node, stageArgument, scope) ? [{name: node.title, vertex}] : [];
  });
  if (target.state === undefined || !isOn(target, contextArgument, scope)) return wanted;
  return [...wanted, {name: 'context', vertex: target.state.buildContext()}];
}

/** True, or a list with the name of the stage. */
function isOn(node: StageNode, key: string, {buildArgs, globals}: ScanScope): boolean {
  const declared = node.state?.declaredArguments.findLast((one) => one.key === key);
  const value = declared?.value ?? buildArgs[key] ?? globals.get(key) ?? '';
  const names = value.split(',').map((name) => name.trim().toLowerCase());
  return names.some((name) => truths.includes(name) || (name !== '' && name === node.title.toLowerCase()));
}
