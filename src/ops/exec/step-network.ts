// What a RUN step asks of networks; answered by the room `network`.

import type {ExecOp} from '../../graph/op.ts';

export interface StepNetwork {
  /**
   * Arguments of the helper's `run`: `network=…` with what the step may use, and the files `hosts=…` and `resolv=…` that
   * it sees. Whatever they are, they are in no key.
   */
  argumentsFor(step: Pick<ExecOp, 'network' | 'hostname' | 'extraHosts'>): Promise<readonly string[]>;
  /** A layer to lie below all others, with places for those files and for the kernel's file systems. */
  mountPoints(): Promise<string>;
}
