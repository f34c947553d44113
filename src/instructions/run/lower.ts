// RUN: a process on top of the file system so far. Its environment is every ENV and ARG before it; its text is never
// expanded here, that is the shell's work.

import type {RunInstruction} from '../../dockerfile/ast.ts';
import {heredocOpening} from '../../dockerfile/heredoc.ts';
import type {ExecMount, ExecOp} from '../../graph/op.ts';
import {ownValue, proxyVariables} from '../../plan/build-args.ts';
import type {Environment} from '../../plan/environment.ts';
import {InputList} from '../../plan/graph-builder.ts';
import type {InstructionLowering, ReferencedSource} from '../../plan/instruction-lowering.ts';
import {PlanProblem} from '../../plan/plan-problem.ts';
import type {StageState} from '../../plan/stage-state.ts';
import {summaryOf} from '../../plan/step-names.ts';
import {agentSocketOf, execMounts, mountSource} from './exec-mounts.ts';
import {type Mount, parseMount} from './mount.ts';

const defaultHostname = 'buildkitsandbox';

export const runLowering: InstructionLowering<RunInstruction> = {
  isStep: true,
  references(instruction) {
    // Without `from` it may be the build context, or nothing; which of them, only the type tells, and that may be a
    // variable. BuildKit therefore counts it as scratch, and the stage as one of several.
    return instruction.mounts.map((value) => ({name: mountSource(value) ?? 'scratch', mayBeIndex: false}));
  },
  lower(instruction, stage, sources) {
    const mounts = instruction.mounts.map((value) => parseMount(value, (word) => stage.expand(word)));
    if (instruction.devices.length > 0) {
      throw new PlanProblem('plan-device', 'RUN --device is not supported');
    }
    const script = scriptOf(instruction);
    const args = stage.commandLine({json: instruction.command.json, args: script.args});
    if (args.length === 0) throw new PlanProblem('plan-empty-command', 'arguments are required');
    const history = `RUN ${[...argumentTexts(stage), ...args].join(' ')} # buildkit`;
    const inputs = new InputList();
    const op = execOp(instruction, stage, args, inputs, mounts, sources, script.mounts);
    const secrets = mounts.flatMap((mount) => (mount.type === 'secret' ? (mount.env ?? []) : []));
    const name = stage.commandName(script.summary, secrets);
    stage.vertex = stage.add(op, inputs.vertices, name, {mayIgnoreCache: true});
    stage.commitLayer(history);
  },
};

function execOp(
  instruction: RunInstruction,
  stage: StageState,
  args: readonly string[],
  inputs: InputList,
  mounts: readonly Mount[],
  sources: readonly (ReferencedSource | undefined)[],
  scriptMounts: readonly ExecMount[],
): ExecOp {
  const {request, buildArgs} = stage.scope;
  const rootInput = inputs.indexOf(stage.vertex);
  const placed = [...scriptMounts, ...execMounts(mounts, sources, stage, inputs)];
  return {
    kind: 'exec',
    args,
    env: environmentFor(stage.environment, agentSocketOf(mounts, stage)),
    cwd: stage.workdir,
    user: stage.user,
    hostname: ownValue(buildArgs, 'BUILDKIT_SANDBOX_HOSTNAME') || defaultHostname,
    network: networkOf(instruction, stage),
    security: securityOf(instruction, stage),
    mounts: placed,
    extraHosts: request.extraHosts,
    proxyEnv: proxyVariables(buildArgs),
    shmSizeBytes: request.shmSizeBytes,
    ulimits: request.ulimits,
    platform: stage.platform,
    rootInput,
  };
}

interface Script {
  readonly args: readonly string[];
  readonly mounts: readonly ExecMount[];
  /** For the step's name. */
  readonly summary: string;
}

/** What the shell is given when heredocs are involved. */
function scriptOf({command, heredocs}: RunInstruction): Script {
  const [first] = heredocs;
  if (first === undefined || command.json) return {args: command.args, mounts: [], summary: ''};
  const line = command.args.join(' ');
  if (heredocOpening(line) === undefined) {
    // The shell reads the documents itself: put back together what the parser took apart.
    const documents = heredocs.map((heredoc) => `\n${heredoc.raw}${heredoc.name}`);
    return {args: [line + documents.join('')], mounts: [], summary: ''};
  }
  const summary = ` (${summaryOf(first.raw)})`;
  if (!first.content.startsWith('#!')) return {args: [first.content], mounts: [], summary};
  const target = `/dev/pipes/${first.name}`;
  const mount: ExecMount = {type: 'text', target, text: first.content, mode: 0o755};
  return {args: [target], mounts: [mount], summary};
}

/** `|2 A=1 B=2`: the ARGs a layer was made with, as docker's history shows them. */
function argumentTexts(stage: StageState): readonly string[] {
  const values = new Map<string, string>();
  for (const {key, value} of stage.declaredArguments) {
    values.set(key, stage.environment.get(key) ?? value ?? '');
  }
  if (values.size === 0) return [];
  return [`|${values.size}`, ...Array.from(values, ([key, value]) => `${key}=${value}`)];
}

function environmentFor(environment: Environment, agentSocket: string | undefined): readonly string[] {
  const isSet = agentSocket === undefined || environment.get('SSH_AUTH_SOCK') !== undefined;
  return isSet ? environment.toList() : [...environment.toList(), `SSH_AUTH_SOCK=${agentSocket}`];
}

function networkOf({network}: RunInstruction, stage: StageState): ExecOp['network'] {
  const {request} = stage.scope;
  const chosen = network === undefined || network === 'default' ? request.network : network;
  // Asking for the network of the host for the whole build allows it, as in buildx.
  if (chosen === 'host' && request.network !== 'host')
    requireEntitlement('network.host', request.entitlements);
  return chosen;
}

function securityOf({security = 'sandbox'}: RunInstruction, stage: StageState): ExecOp['security'] {
  if (security === 'insecure') requireEntitlement('security.insecure', stage.scope.request.entitlements);
  return security;
}

function requireEntitlement(name: string, granted: ReadonlySet<string>): void {
  if (granted.has(name)) return;
  throw new PlanProblem('plan-entitlement', `entitlement ${name} is not allowed`, [
    `allow it with --allow ${name}`,
  ]);
}
