// ONBUILD: the triggers of a base image, or of the stage a stage stands on, become the first instructions of the stage.
// They run there and are not handed on. A trigger may name stages and images that the file itself does not.

import {BuildError} from '../diagnostics/build-error.ts';
import type {Instruction} from '../dockerfile/ast.ts';
import type {BaseResolver} from './base-image.ts';
import type {InstructionSet} from './instruction-lowering.ts';
import {PlanProblem, type ProblemList} from './plan-problem.ts';
import type {StageGraph, StageInstruction, StageNode} from './stage-graph.ts';

/** Puts the triggers in front of the stage's own instructions. True when they read from another stage or image. */
export async function addTriggers(
  node: StageNode,
  graph: StageGraph,
  bases: BaseResolver,
  language: InstructionSet,
  problems: ProblemList,
): Promise<boolean> {
  if (node.stage === undefined || node.context !== undefined) return false;
  const texts = triggersOf(node, bases);
  if (texts.length === 0) return false;
  const linked: StageInstruction[] = [];
  for (const text of texts) {
    const read = await readTrigger(text, language);
    const instruction = problems.collect(node.span, () => {
      if (read instanceof PlanProblem) throw read;
      return graph.link(node, read, node.span, true);
    });
    if (instruction !== undefined) linked.push(instruction);
  }
  node.instructions = [...linked, ...node.instructions];
  node.names.addSteps(texts.length);
  return linked.some((instruction) => instruction.sources.some((source) => source !== undefined));
}

function triggersOf(node: StageNode, bases: BaseResolver): readonly string[] {
  if (node.base === undefined) return bases.baseOf(node)?.image.onBuild ?? [];
  if (node.base.context !== undefined) return [];
  return node.base.instructions.flatMap(({instruction}) =>
    instruction.keyword === 'ONBUILD' ? [instruction.expression] : [],
  );
}

async function readTrigger(text: string, language: InstructionSet): Promise<Instruction | PlanProblem> {
  try {
    return await language.readTrigger(text);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const [first] = error.diagnostics;
    return new PlanProblem(first.code, `in ONBUILD ${text}: ${first.message}`, first.hints);
  }
}
