// What images of scanners are to do in a build, if one is asked for: beside each plan another, of what the scanner
// makes of its result.

import type {Dockerfile} from '../../dockerfile/ast.ts';
import type {Plan} from '../../plan/plan.ts';
import {type Planning, planRequestsOf} from '../planning.ts';

/** By the plan whose result is looked at. The scanner's image is looked up as every other. */
export async function scansOf(
  plans: readonly Plan[],
  planning: Planning,
  dockerfile: Dockerfile,
): Promise<ReadonlyMap<Plan, Plan>> {
  const sbom = planning.request.attest?.sbom;
  if (sbom === undefined || sbom === true) return new Map();
  const {scanPlan} = await import('./scan-plan.ts');
  const [context] = planRequestsOf(planning, dockerfile);
  const scans = plans.map(async (plan): Promise<[Plan, Plan]> => [plan, await scanPlan(plan, sbom, context)]);
  return new Map(await Promise.all(scans));
}
