// A machine for classic BPF as the kernel runs it on a system call: the second opinion on what the compiler makes.
// It knows only the instructions that the kernel can follow without running them, and refuses all others.

export interface SystemCall {
  readonly number: number;
  readonly arch: number;
  readonly args?: readonly bigint[];
}

export type Outcome = 'allow' | 'EPERM' | 'ENOSYS' | 'kill';

const outcomes = new Map<number, Outcome>([
  [0x7fff0000, 'allow'],
  [0x00050001, 'EPERM'],
  [0x00050026, 'ENOSYS'],
  [0x80000000, 'kill'],
]);

export class BpfMachine {
  readonly #program: DataView;

  constructor(bytes: Uint8Array) {
    this.#program = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#program.byteLength / 8;
  }

  run(call: SystemCall): {readonly outcome: Outcome; readonly steps: number} {
    const data = dataOf(call);
    let accumulator = 0;
    for (let at = 0, steps = 1; at < this.length; at++, steps++) {
      const code = this.#program.getUint16(8 * at, true);
      const k = this.#program.getUint32(8 * at + 4, true);
      const jump = (holds: boolean): number => this.#program.getUint8(8 * at + (holds ? 2 : 3));
      if (code === 0x20) accumulator = data.getUint32(k, true);
      else if (code === 0x05) at += k;
      else if (code === 0x15) at += jump(accumulator === k);
      else if (code === 0x35) at += jump(accumulator >= k);
      else if (code === 0x45) at += jump((accumulator & k) !== 0);
      else if (code === 0x06) return {outcome: outcomeOf(k), steps};
      else throw new Error(`instruction ${at} is unknown: ${code.toString(16)}`);
    }
    throw new Error('the program does not end in a return');
  }
}

function dataOf({number, arch, args = []}: SystemCall): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  args.forEach((value, index) => {
    data.setBigUint64(16 + 8 * index, value, true);
  });
  return data;
}

function outcomeOf(k: number): Outcome {
  const outcome = outcomes.get(k);
  if (outcome === undefined) throw new Error(`a return of ${k.toString(16)}`);
  return outcome;
}
