// EXPOSE: ports the image listens on. Ranges become single ports; an address or a host port is understood and dropped.
// BuildKit sorts the words as written before it expands them, so the history does too.

import {isIP} from 'node:net';
import type {ExposeInstruction} from '../../dockerfile/ast.ts';
import {plainList} from '../../plan/go-format.ts';
import type {InstructionLowering} from '../../plan/instruction-lowering.ts';
import {about, PlanProblem} from '../../plan/plan-problem.ts';
import {byteOrder} from '../../util/byte-order.ts';

interface PortRange {
  readonly first: number;
  readonly last: number;
}

const protocols: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);
const portMax = 65535;
/** There are no more: each port once per protocol. */
const portsMax = 3 * (portMax + 1);

export const exposeLowering: InstructionLowering<ExposeInstruction> = {
  isStep: false,
  lower(instruction, stage) {
    const words = [...instruction.ports].sort(byteOrder);
    const ports: string[] = [];
    for (const text of words.flatMap((word) => stage.expandWords(word))) {
      for (const port of about(text, () => portsOf(text))) ports.push(port);
      if (ports.length > portsMax) throw invalid(`more than ${portsMax} ports`);
    }
    for (const port of ports) stage.image.exposedPorts.add(port);
    stage.commitConfig(`EXPOSE ${plainList(ports)}`);
  },
};

/** `[ip:][host:]container[-last][/protocol]` as `80/tcp` each. */
function portsOf(text: string): readonly string[] {
  const {address, hostPort, containerPort} = partsOf(text);
  const [port = '', writtenProtocol = ''] = splitOnce(containerPort, '/');
  if (port === '') throw invalid(`no port specified: ${containerPort}<empty>`);
  const protocol = writtenProtocol === '' ? 'tcp' : writtenProtocol.toLowerCase();
  if (!protocols.has(protocol)) throw invalid(`invalid proto: ${protocol}`);
  const bareAddress = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
  if (bareAddress !== '' && (isIP(bareAddress) === 0 || bareAddress.includes('%'))) {
    throw invalid(`invalid IP address: ${bareAddress}`);
  }
  const container = rangeOf(port) ?? fail(`invalid containerPort: ${port}`);
  if (hostPort !== '') {
    const host = rangeOf(hostPort) ?? fail(`invalid hostPort: ${hostPort}`);
    const isRange = container.first !== container.last;
    if (isRange && container.last - container.first !== host.last - host.first) {
      throw invalid(`invalid ranges specified for container and host Ports: ${port} and ${hostPort}`);
    }
  }
  const count = container.last - container.first + 1;
  return Array.from({length: count}, (_, offset) => `${container.first + offset}/${protocol}`);
}

function partsOf(text: string): {address: string; hostPort: string; containerPort: string} {
  const parts = text.split(':');
  const containerPort = parts.pop() ?? '';
  const hostPort = parts.pop() ?? '';
  return {address: parts.join(':'), hostPort, containerPort};
}

function rangeOf(text: string): PortRange | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= portMax ? {first, last} : undefined;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function invalid(message: string): PlanProblem {
  return new PlanProblem('plan-port', message, [
    'a port is 8080, 8080/udp or a range like 8000-8010, up to 65535',
  ]);
}

function fail(message: string): never {
  throw invalid(message);
}
