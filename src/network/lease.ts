// The helper's verb `network` as a value: a way out for the sandboxes of one build, there from its answer until it is
// given back (docs/formats/helper-protocol.md).

import type {Helper} from '../helper/helper.ts';

export interface Lease {
  /** For `run network=…`. */
  readonly argument: string;
  /** Where a sandbox reaches the host. */
  readonly hostAddress: string;
  /** Where it reaches the resolver of the host, if there is such a place. */
  readonly hostResolver: string | undefined;
  readonly ipv6: boolean;
  /** Why it ended before it was given back. */
  lostBecause(): Error | undefined;
  giveBack(): void;
}

/** Rejects with HelperError when sandboxes cannot have networks of their own here. */
export function takeLease(helper: Helper): Promise<Lease> {
  return request(helper, []);
}

/** A lease like those that builds get, but without a way out: it changes nothing of this machine. */
export function tryLease(helper: Helper): Promise<Lease> {
  return request(helper, ['try=1']);
}

async function request(helper: Helper, args: readonly string[]): Promise<Lease> {
  const ending = new AbortController();
  let text = '';
  let lost: Error | undefined;
  return new Promise((resolve, reject) => {
    const onData = (bytes: Uint8Array): void => {
      text += Buffer.from(bytes).toString();
      const fields = fieldsOf(text);
      const argument = fields.get('lease');
      if (argument === undefined) return;
      resolve({
        argument,
        hostAddress: fields.get('host') ?? '127.0.0.1',
        hostResolver: fields.get('dns') || undefined,
        ipv6: fields.get('ipv6') === '1',
        lostBecause: () => lost,
        giveBack: () => ending.abort(),
      });
    };
    helper.request('network', args, {signal: ending.signal, onData}).catch((error: unknown) => {
      if (ending.signal.aborted) return;
      lost = error instanceof Error ? error : new Error(String(error));
      reject(lost);
    });
  });
}

/** Fields that have come whole: each ends in NUL, and they may come in pieces. */
function fieldsOf(text: string): Map<string, string> {
  const fields = text.split('\0').slice(0, -1);
  return new Map(
    fields.map((field) => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals), field.slice(equals + 1)];
    }),
  );
}
